"""Exclusions: a person, subject, session or image left out on purpose, with its reason and its raters.

The file of record is `code/registry/exclusions.tsv`. It holds what is excluded now; git keeps every earlier state and
the event log says who changed it. An exclusion counts from the moment it is made; the confirmation of a second rater is
recorded beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from registry.bids import places
from registry.cohorts import persons
from registry.errors import NotFound, UsageError
from registry.files.canonical import tsv_bytes
from registry.privacy.free_text import require_impersonal
from registry.publishing import Change
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import ACTOR_ENVIRONMENT, Registry, actor
from registry.tables import Event, ExclusionVerdict, Image, Person, Session, Subject
from registry.vocabulary.units import list_holders

COLUMNS = ("unit", "subject_id", "reason", "comment", "rater_id", "second_rater_id")
REASON = re.compile(r"[a-z][a-z0-9-]{0,63}")
Rows = dict[str, dict[str, Any]]
_OTHER_RATER = f"Set {ACTOR_ENVIRONMENT} to the other rater's code."

USUAL_REASONS = ("consent-withdrawn", "duplicate", "incomplete", "motion", "wrong-person", "wrong-sequence")
"""Codes that are suggested; any other code is accepted too."""

_KINDS = {"exclude": "excluded", "exclude.confirm": "confirmed", "reinstate": "reinstated"}


def exclude(registry: Registry, unit: str, reason: str, comment: str | None = None) -> ExclusionVerdict:
    """Exclude a unit from every snapshot made from now on; frozen snapshots stay as they are.

    Args:
        registry: the registry.
        unit: a person's id, `sub-A000`, `sub-A000/ses-M00`, or an image path.
        reason: a code such as `motion` or `consent-withdrawn`; it appears in manifests as `excluded:<reason>`.
        comment: one line for people.

    Raises:
        NotFound: the registry holds no such unit.
        UsageError: the reason is not a code, the comment has several lines or tells who was scanned or when, or the
            unit is already excluded for another reason.
    """
    if not reason:
        raise UsageError("An exclusion needs a reason.", "Give one, such as motion.")
    if not REASON.fullmatch(reason):
        raise UsageError(f"'{reason}' cannot be a reason.", "Use lower-case letters, digits and -, such as motion.")
    if comment and not comment.isprintable():
        raise UsageError("The comment holds a tab or a line break.", "Write it on one line.")
    require_impersonal(comment, "comment")
    row = {
        "unit": unit,
        "subject_id": _find_owner(registry, unit),
        "reason": reason,
        "comment": comment or None,
        "rater_id": actor(),
        "second_rater_id": None,
    }

    def add(rows: Rows) -> None:
        if unit in rows and rows[unit]["reason"] != reason:
            raise UsageError(f"{unit} is excluded already: {rows[unit]['reason']}.", "Reinstate it first.")
        rows.setdefault(unit, row)

    facts = {"unit": unit, "reason": reason, "comment": comment or None}
    _change(registry, "exclude", f"Exclude {unit}: {reason}", facts, add)
    return get(registry, unit)


def confirm(registry: Registry, unit: str) -> ExclusionVerdict:
    """Record that the actor, a second rater, agrees with an exclusion.

    Raises:
        NotFound: the unit is not excluded.
        UsageError: the actor made the exclusion.
    """
    who = actor()

    def agree(rows: Rows) -> None:
        row = _get_row(rows, unit)
        if row["rater_id"] == who:
            raise UsageError(_format_same_rater(unit, who), _OTHER_RATER)
        row["second_rater_id"] = row["second_rater_id"] or who

    _change(registry, "exclude.confirm", f"Confirm the exclusion of {unit}", {"unit": unit}, agree)
    return get(registry, unit)


def objection(item: ExclusionVerdict, who: str) -> str | None:
    """A sentence why `who` cannot confirm an exclusion now, and what to do; None where `who` can."""
    if item.second_rater_id:
        return f"{item.second_rater_id} has confirmed it already."
    return f"{_format_same_rater(item.unit, who)} {_OTHER_RATER}" if item.rater_id == who else None


def _format_same_rater(unit: str, who: str) -> str:
    return f"{who} excluded {unit}, so {who} cannot be the second rater."


def reinstate(registry: Registry, unit: str, comment: str | None = None) -> None:
    """Take an exclusion back; git and the event log keep its history.

    Args:
        registry: the registry.
        unit: as it was excluded.
        comment: one line for people.

    Raises:
        NotFound: the unit is not excluded.
        UsageError: the comment tells who was scanned or when.
    """
    require_impersonal(comment, "comment")
    facts = {"unit": unit, "comment": comment}
    _change(registry, "reinstate", f"Reinstate {unit}", facts, lambda rows: _get_row(rows, unit) and rows.pop(unit))


def list_exclusions(registry: Registry) -> Sequence[ExclusionVerdict]:
    """Every present exclusion, sorted by unit."""
    with registry.reading() as database:
        return database.exec(select(ExclusionVerdict).order_by(col(ExclusionVerdict.unit))).all()


def get(registry: Registry, unit: str) -> ExclusionVerdict:
    """The exclusion of one unit.

    Raises:
        NotFound: it is not excluded.
    """
    with registry.reading() as database:
        found = database.get(ExclusionVerdict, unit)
    if found is None:
        raise _absent(unit)
    return found


def reasons(registry: Registry) -> dict[str, str]:
    """Unit to reason, for everything that is excluded now; persons have their present ids.

    Where two excluded ids were found to be one person, the person is excluded with all images.
    """
    people = persons.people(registry)
    found: dict[str, str] = {}
    for item in list_exclusions(registry):
        found.setdefault(people.now(item.unit), item.reason)
    return found


def history(registry: Registry, unit: str | None = None) -> list[dict[str, Any]]:
    """Decisions about exclusions, newest first: rows `at, actor, what, unit, reason, comment`.

    Args:
        registry: the registry.
        unit: the unit whose decisions are listed; None lists all.

    Raises:
        NotFound: the registry holds no such unit, and nothing was ever decided about it.
    """
    with registry.reading() as database:
        events = database.exec(
            select(Event).where(col(Event.kind).in_(_KINDS)).order_by(col(Event.at).desc(), col(Event.number).desc())
        ).all()
    rows = [
        {
            "at": event.at,
            "actor": event.actor,
            "what": _KINDS[event.kind],
            **{key: event.payload.get(key) for key in ("unit", "reason", "comment")},
        }
        for event in events
        if unit in (None, event.payload.get("unit"))
    ]
    if unit and not rows:
        _find_owner(registry, unit)
    return rows


def known_reasons(registry: Registry) -> list[str]:
    """All reasons that were ever used here and the usual ones, sorted."""
    used = {str(row["reason"]) for row in history(registry) if row["reason"]}
    return sorted({*used, *(item.reason for item in list_exclusions(registry)), *USUAL_REASONS})


def _get_row(rows: Rows, unit: str) -> dict[str, Any]:
    if unit not in rows:
        raise _absent(unit)
    return rows[unit]


def _absent(unit: str) -> NotFound:
    return NotFound(f"{unit} is not excluded.", "List exclusions with: cohortium exclude list")


def _find_owner(registry: Registry, unit: str) -> str:
    """The subject that a unit belongs to; for a person, who can be several subjects, the person's id."""
    with registry.reading() as database:
        is_held = any(database.get(table, unit) for table in (Person, Subject, Session, Image))
    if is_held or unit in persons.people(registry).merged:
        return list_holders(unit)[-1]
    raise NotFound(
        f"The registry holds no person, subject, session or image '{unit}'.",
        "Write P001, sub-A000, sub-A000/ses-M00, or the path of an image.",
    )


def _change(
    registry: Registry, kind: str, message: str, facts: Mapping[str, Any], edit: Callable[[Rows], object]
) -> None:
    def compute() -> Draft:
        rows = {item.unit: item.model_dump() for item in list_exclusions(registry)}
        edit(rows)
        data = tsv_bytes([rows[unit] for unit in sorted(rows, key=str.encode)], COLUMNS)
        return Draft(Change(kind, message, facts), {places.EXCLUSIONS: data})

    rewrite(registry, places.EXCLUSIONS, compute)
