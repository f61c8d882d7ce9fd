"""The person of every subject, by what reviewers confirmed. Pure functions, so that a rebuild gives the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SAME, SUSPECTED, CLEARED = "same_person", "suspected", "cleared"

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class People:
    """The persons of a registry.

    Attributes:
        declared: subject to the person that `participants.tsv` names.
        merged: person to the person that stands for it; those that were never merged are left out.
    """

    declared: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)

    def declared_person(self, subject: str) -> str:
        """The person of a subject by `participants.tsv` alone; a subject without an entry is a person of its own."""
        return self.declared.get(subject) or f"P-{subject.removeprefix('sub-')}"

    def now(self, person: str) -> str:
        """The person that stands for this one now: the smallest id, by bytes, of all that are the same person."""
        return self.merged.get(person, person)

    def person(self, subject: str) -> str:
        """The person of a subject: the one of `participants.tsv`, joined with others by confirmed links."""
        return self.now(self.declared_person(subject))


def resolve(participants: Mapping[str, Row], links: Iterable[Row]) -> People:
    """Persons as connected components of declared persons, which `same_person` links join.

    Args:
        participants: subject to its row of `participants.tsv`.
        links: rows of `code/registry/persons.tsv`.
    """
    people = People({subject: str(row["person_id"]) for subject, row in participants.items() if row.get("person_id")})
    leader: dict[str, str] = {}

    def find(person: str) -> str:
        while leader.get(person, person) != person:
            person = leader[person]
        return person

    for row in links:
        a, b = row.get("subject_a"), row.get("subject_b")
        if row.get("kind") == SAME and a and b:
            first, second = sorted((find(people.declared_person(a)), find(people.declared_person(b))), key=str.encode)
            leader[second] = first
    return People(people.declared, {person: find(person) for person in sorted(leader) if find(person) != person})
