"""Two subjects that may be one person: the evidence in words, both side by side, and what one person would change."""

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
    """What is stated of either subject. `same` is None where one of the two is unknown, or where it says nothing."""

    what: str
    first: str
    second: str
    same: bool | None


@dataclass(frozen=True)
class Crossing:
    """A split in which the two subjects stand in two parts.

    Attributes:
        split: `name@version`, the newest version.
        first_part: of the first subject, and `second_part` of the second.
        snapshots: how many were frozen by this split.
        runs: how many were trained on those.
    """

    split: str
    first_part: str
    second_part: str
    snapshots: int
    runs: int

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def evidence(link: PersonLink) -> str:
    """Why a pair was proposed, in a sentence."""
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
    """What is stated of the two, line by line.

    Raises:
        NotFound: no such subject.
    """
    one, other = subjects.who(catalog, a), subjects.who(catalog, b)
    here, there = subjects.visits(catalog, a), subjects.visits(catalog, b)
    ages = (one.age, other.age)
    close = None if None in ages else abs((one.age or 0) - (other.age or 0)) <= AGE_TOLERANCE
    return [
        Fact("Person today", one.person, other.person, one.person == other.person or None),
        _fact("Sex", one.sex, other.sex),
        Fact("Age at baseline", _years(one.age), _years(other.age), close),
        _fact("Class", one.class_label, other.class_label),
        _fact("Diagnosis", one.diagnosis, other.diagnosis),
        _fact("Radiological status", *(who.status and format_code(who.status) for who in (one, other))),
        _place("Sites", *(_joined(item.site for item in visits) for visits in (here, there))),
        _place("Scanners", *(_joined(item.scanner for item in visits) for visits in (here, there))),
        Fact("Visits", _visits(here), _visits(there), None),
    ]


def contradictions(found: Iterable[Fact]) -> list[str]:
    """What is stated of the two and cannot be true of one person, a sentence each; empty where nothing is."""
    return [
        f"{fact.what}, as stated, differs: {fact.first} and {fact.second}."
        for fact in found
        if fact.what in _LASTING and fact.same is False
    ]


def _fact(what: str, first: str | None, second: str | None) -> Fact:
    same = first == second if first and second else None
    return Fact(what, first or "not stated", second or "not stated", same)


def _place(what: str, first: str | None, second: str | None) -> Fact:
    """Where somebody was scanned: people travel, so that another place speaks against nothing."""
    fact = _fact(what, first, second)
    return replace(fact, same=fact.same or None)


def _years(age: float | None) -> str:
    return "not stated" if age is None else f"{age:g} years"


def _joined(values: Iterable[str | None]) -> str | None:
    return ", ".join(sorted({value for value in values if value})) or None


def _visits(visits: Iterable[subjects.Visit]) -> str:
    return ", ".join(f"{format_visit(item.label)} ({format_day(item.day)})" for item in visits) or "none"


def crossings(registry: Registry, a: str, b: str) -> list[Crossing]:
    """Splits, in their newest versions, that would have one person in two parts if the two subjects are one."""
    newest = {split.name: split for split in versioned.list_all(registry, Split)}
    found = []
    for split in newest.values():
        first, second = _parts(registry, split, a, b)
        if first and second and first != second:
            found.append(_crossing(registry, split, first, second))
    return found


def _parts(registry: Registry, split: Split, a: str, b: str) -> tuple[str | None, str | None]:
    """The parts of two subjects, by the persons they were when the split was made; None where a split lacks one."""
    people, parts = persons.people(registry), splits.assignments(registry, split)
    first, second = (parts.get(people.declared_person(name)) or parts.get(people.person(name)) for name in (a, b))
    return first, second


def _crossing(registry: Registry, split: Split, first: str, second: str) -> Crossing:
    versioned = f"{split.name}@{split.version}"
    frozen = {
        row.snapshot_id for row in snapshots.list_snapshots(registry) if (row.split or "").startswith(f"{split.name}@")
    }
    trained = [run for run in runs.list_runs(registry) if run.snapshot_id in frozen]
    return Crossing(versioned, first, second, len(frozen), len(trained))
