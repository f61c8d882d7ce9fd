"""Two subjects that may be one person: the evidence, the facts about both, and the splits that a decision concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from curation.persons.fingerprints import ALIKE
from curation.persons.proposals import AGE_TOLERANCE
from registry import runs, snapshots
from registry.catalog import Catalog, subjects, units
from registry.cohorts import persons, splits, versioned
from registry.store import Registry
from registry.tables import PersonLink, Split
from registry.vocabulary.display import format_code, format_day, format_visit

_PATHS = re.compile(r"^one \w+ in (?P<first>\S+) and (?P<second>\S+)$")
_LASTING = ("Sex", "Age at baseline")
_SHARED = {
    "checksum": "Both hold one image file, the same byte for byte",
    "series": "Images of both carry the number of one and the same DICOM series",
    "study": "Images of both carry the number of one and the same DICOM study (one visit to the scanner)",
}


@dataclass(frozen=True)
class Fact:
    """One fact about both subjects. `same` is None where a value is unknown or a difference says nothing."""

    what: str
    first: str
    second: str
    same: bool | None


@dataclass(frozen=True)
class Crossing:
    """A split in which the two subjects stand in two parts.

    Attributes:
        split: `name@version`, the newest version.
        first_part: part of the first subject; `second_part` is that of the second.
        snapshots: number of snapshots that were frozen with this split.
        runs: number of runs that were trained on those snapshots.
    """

    split: str
    first_part: str
    second_part: str
    snapshots: int
    runs: int

    def to_json(self) -> dict[str, Any]:
        """The crossing as a plain mapping."""
        return asdict(self)


def evidence(link: PersonLink) -> str:
    """A sentence that says why a pair was proposed."""
    reason = link.reason or ""
    if link.method == "fingerprint" and link.score is not None:
        channel = reason.partition(" images alike")[0] if " images alike" in reason else "Their"
        return (
            f"{channel} images look alike: {link.score:.2f} after turning one onto the other. "
            f"Pairs are proposed from {ALIKE:g} on; 1 is equal."
        )
    if link.method not in _SHARED:
        return "Somebody named this pair; nothing was measured."
    paths = _PATHS.match(reason)
    named = f": {units.in_words(paths['first'])} and {units.in_words(paths['second'])}" if paths else ""
    return f"{_SHARED[link.method]}{named}."


def facts(catalog: Catalog, a: str, b: str) -> list[Fact]:
    """The facts about two subjects, in the order in which they are shown.

    Args:
        catalog: the registry's views.
        a: the first subject, `sub-A000`.
        b: the second subject.

    Raises:
        NotFound: there is no such subject.
    """
    one, other = subjects.who(catalog, a), subjects.who(catalog, b)
    here, there = subjects.visits(catalog, a), subjects.visits(catalog, b)
    ages = (one.age, other.age)
    close = None if None in ages else abs((one.age or 0) - (other.age or 0)) <= AGE_TOLERANCE
    return [
        Fact("Person today", one.person, other.person, one.person == other.person or None),
        _fact("Sex", one.sex, other.sex),
        Fact("Age at baseline", _format_years(one.age), _format_years(other.age), close),
        _fact("Class", one.class_label, other.class_label),
        _fact("Diagnosis", one.diagnosis, other.diagnosis),
        _fact("Radiological status", *(who.status and format_code(who.status) for who in (one, other))),
        _place("Sites", *(_join(item.site for item in visits) for visits in (here, there))),
        _place("Scanners", *(_join(item.scanner for item in visits) for visits in (here, there))),
        Fact("Visits", _format_visits(here), _format_visits(there), None),
    ]


def contradictions(found: Iterable[Fact]) -> list[str]:
    """A sentence for each fact that cannot be true of one person; empty where there is none."""
    return [
        f"{fact.what}, as stated, differs: {fact.first} and {fact.second}."
        for fact in found
        if fact.what in _LASTING and fact.same is False
    ]


def _fact(what: str, first: str | None, second: str | None) -> Fact:
    same = first == second if first and second else None
    return Fact(what, first or "not stated", second or "not stated", same)


def _place(what: str, first: str | None, second: str | None) -> Fact:
    """The fact where somebody was scanned; another place is no contradiction, because people travel."""
    fact = _fact(what, first, second)
    return replace(fact, same=fact.same or None)


def _format_years(age: float | None) -> str:
    return "not stated" if age is None else f"{age:g} years"


def _join(values: Iterable[str | None]) -> str | None:
    return ", ".join(sorted({value for value in values if value})) or None


def _format_visits(visits: Iterable[subjects.Visit]) -> str:
    return ", ".join(f"{format_visit(item.label)} ({format_day(item.day)})" for item in visits) or "none"


def crossings(registry: Registry, a: str, b: str) -> list[Crossing]:
    """Newest versions of splits that would have one person in two parts if the two subjects are one.

    Args:
        registry: the registry.
        a: the first subject, `sub-A000`.
        b: the second subject.
    """
    people = persons.people(registry)
    newest = {split.name: split for split in versioned.list_all(registry, Split)}
    found = []
    for split in newest.values():
        parts = splits.assignments(registry, split)
        # The parts of the persons that the two were when the split was made; None where there is no part.
        first, second = (parts.get(people.declared_person(name)) or parts.get(people.person(name)) for name in (a, b))
        if first and second and first != second:
            found.append(_crossing(registry, split, first, second))
    return found


def _crossing(registry: Registry, split: Split, first: str, second: str) -> Crossing:
    frozen = {
        row.snapshot_id for row in snapshots.list_snapshots(registry) if (row.split or "").startswith(f"{split.name}@")
    }
    trained = [run for run in runs.list_runs(registry) if run.snapshot_id in frozen]
    return Crossing(f"{split.name}@{split.version}", first, second, len(frozen), len(trained))
