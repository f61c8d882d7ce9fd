"""Subject and session of each study, without writing names or dates.

Dates are compared in memory; only the order of sessions and the days between them are returned.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from curation.dicom.pseudonyms import Pseudonyms
from curation.dicom.read.instances import Instance
from curation.dicom.sort.stacks import Stack
from registry.bids.names import to_label
from registry.errors import InvalidInput

Held = Mapping[str, Mapping[str, str]]
"""Subject to salted study to session, for the studies that a registry holds already."""


@dataclass(frozen=True)
class StudyVisit:
    """The BIDS session of a study.

    Attributes:
        subject, session: `sub-...` and `ses-...`.
        days: from the first session; None where a date is unknown.
        is_later: the registry holds other sessions of this person, so number and days are unknown here.
    """

    subject: str
    session: str
    days: int | None
    is_later: bool = False


@dataclass(frozen=True)
class Labels:
    """How persons get their labels: from the user's table (Patient ID to label), else from the salted hash."""

    pseudonyms: Pseudonyms
    prefix: str = ""
    table: Mapping[str, str] = field(default_factory=dict, repr=False)

    def subject(self, instance: Instance) -> str:
        """The participant id of the person in one instance."""
        known = self.table.get(instance.patient.patient_id) if instance.patient.patient_id else None
        return f"sub-{known or self.prefix + self.pseudonyms.subject(person_of(instance))}"

    def person(self, instance: Instance) -> str:
        """The person's id, always from the hash, so that one person under two labels stays one."""
        return f"P-{self.pseudonyms.subject(person_of(instance))}"


def person_of(instance: Instance) -> str:
    """The text that identifies a person, for hashing only; the study if the header names nobody."""
    return instance.patient.key or f"study:{instance.study}"


def read_table(path: Path) -> dict[str, str]:
    """Patient ID to label, from the user's table with the columns `patient_id` and `participant_id`.

    Raises:
        InvalidInput: a column is missing, an ID appears twice, or a label is not a BIDS label.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text.partition("\n")[0] else ","))
        pairs = [(row["patient_id"].strip(), row["participant_id"].strip().removeprefix("sub-")) for row in rows]
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"{path.name} is not a table of persons.", "It needs the columns patient_id and participant_id."
        ) from error
    labels = dict(pairs)
    if len(labels) < len(pairs):
        raise InvalidInput(f"{path.name} names a patient twice.", "Give each patient_id one row.")
    if bad := next((label for label in labels.values() if not label or to_label(label) != label), None):
        raise InvalidInput(f"'{bad}' in {path.name} is not a BIDS label.", "Labels hold letters and digits only.")
    return labels


def visits(stacks: Iterable[Stack], labels: Labels, held: Held) -> dict[str, StudyVisit]:
    """The visit of each stack, by its key; studies of one day are one session.

    Args:
        stacks: of one delivery.
        labels: how persons get their labels.
        held: the studies that the registry holds; a known study keeps its session, a new one gets a free number.
    """
    by_person: dict[str, list[Stack]] = defaultdict(list)
    for stack in stacks:
        by_person[labels.subject(stack.first)].append(stack)
    by_stack: dict[str, StudyVisit] = {}
    for subject, members in by_person.items():
        by_stack |= _visits_of_person(subject, members, held.get(subject, {}))
    return by_stack


def _visits_of_person(subject: str, members: list[Stack], held: Mapping[str, str]) -> dict[str, StudyVisit]:
    days: dict[str, list[Stack]] = defaultdict(list)
    for stack in members:
        origin = stack.first.origin
        days[origin.study_date or f"~{stack.study}"].append(stack)
    dated = [day for day in map(_parse_date, sorted(days)) if day]
    free = (f"ses-{number:02}" for number in range(1, 1000) if f"ses-{number:02}" not in held.values())
    by_stack: dict[str, StudyVisit] = {}
    for day, same in sorted(days.items()):
        known = next((held[stack.study] for stack in same if stack.study in held), None)
        when = _parse_date(day)
        # No date of an earlier import is kept, so the days are known only where all sessions are here.
        offset = (when - dated[0]).days if when and not held else None
        visit = StudyVisit(subject, known or next(free), offset, bool(held) and known is None)
        by_stack |= {stack.key: visit for stack in same}
    return by_stack


def _parse_date(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None
