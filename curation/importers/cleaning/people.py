"""The values that tables of participants and sessions may hold: numbers, BIDS' own values and short codes.

Every importer's tree is checked when it is finished: a value that may not stay becomes `n/a`, and the report names
the column and the number of values, never a value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from curation.importers.cleaning import values
from curation.importers.cleaning.values import Value
from curation.recipes import Recipe

OLDEST_YEARS = 89
"""BIDS caps ages here: very old people are few, and can be found."""

_LONGEST_CODE = 40
_TWO_NAMES = re.compile(r"(?<!\w)[A-Z][a-z]+,? +[A-Z][a-z]+(?!\w)")


def _age(value: Any) -> Any:
    years = values.number(str(value).removesuffix("+"))
    if years is None or not 0 <= years < 150:
        return None
    return value if years <= OLDEST_YEARS and not str(value).endswith("+") else OLDEST_YEARS


def _code(value: Any) -> Any:
    """The value if it is a number, a word, or a few words that are not a name; else None."""
    fits = len(str(value)) <= _LONGEST_CODE and not _TWO_NAMES.search(str(value))
    return value if fits and (values.word(value) is not None or values.name(str(value)) is not None) else None


def _person(value: Any) -> Any:
    return value if re.fullmatch(r"[\w.+-]{1,64}", str(value)) and values.word(str(value)) is not None else None


def _research_id(value: Any) -> Any:
    return value if re.fullmatch(r"RRID:[\w.:-]{1,40}", str(value)) else None


def _days(value: Any) -> Any:
    days = values.number(value)
    return value if days is not None and abs(days) < 100_000 else None


def _name(value: Any) -> Any:
    return values.name(" ".join(str(value).split()))


_SIDES = "left l L LEFT Left right r R RIGHT Right ambidextrous a A AMBIDEXTROUS Ambidextrous"
_PEOPLE: Mapping[str, Value] = {
    "age": _age,
    "sex": values.one_of("F", "M", "O"),
    "handedness": values.either(values.one_of(*_SIDES.split()), values.number),
    "person_id": _person,
    "site": _name,
    "strain_rrid": _research_id,
}
_VISITS: Mapping[str, Value] = {"days_from_baseline": _days, "site": _name, "scanner": _name, "age": _age}


def check_people(
    recipe: Recipe, people: Mapping[str, dict[str, Any]], sessions: Mapping[str, Mapping[str, dict[str, Any]]]
) -> list[str]:
    """Remove values that may not stay from a tree's participants and sessions, and return a sentence for each column.

    Args:
        recipe: its own class, diagnosis and sites always stay.
        people: participant id to its columns; changed in place.
        sessions: participant id to session id to its columns; changed in place.
    """
    notes: list[str] = []
    allowed = {recipe.class_label, recipe.diagnosis, recipe.radiological_status, recipe.species}
    allowed |= {text for site in recipe.sites.values() for text in (site.name, site.scanner)}
    for subject, row in people.items():
        if _person(row["person_id"]) is None:
            row["person_id"] = f"P-{subject.removeprefix('sub-')}"
    visits = [row for rows in sessions.values() for row in rows.values()]
    for table, rows, kinds in (("participants", people.values(), _PEOPLE), ("sessions", visits, _VISITS)):
        gone = Counter(column for row in rows for column in _remove_values(row, kinds, allowed))
        notes += [
            f"{table}.tsv, {column}: {_format_removed(number)} left out." for column, number in sorted(gone.items())
        ]
    return notes


def _remove_values(row: dict[str, Any], kinds: Mapping[str, Value], allowed: set[str | None]) -> list[str]:
    """Columns whose value was removed from this row."""
    gone = []
    for column, value in row.items():
        if value is not None and value not in allowed:
            row[column] = kinds.get(column, _code)(value)
            gone += [column] if row[column] is None else []
    return gone


def _format_removed(number: int) -> str:
    return "1 value of another kind was" if number == 1 else f"{number} values of another kind were"
