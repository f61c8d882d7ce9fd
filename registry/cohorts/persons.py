"""Read which subjects are one person.

Reviewers decide it (`curation.persons`), and `code/registry/persons.tsv` keeps their decisions. The person of every row
follows from that file in `registry.index.rows.persons`.
"""

from __future__ import annotations

from sqlmodel import col, select

from registry.bids import places
from registry.index.rows import read_roots
from registry.index.rows.persons import CLEARED, SAME, SUSPECTED, People
from registry.store import Registry
from registry.tables import File

__all__ = ["CLEARED", "SAME", "SUSPECTED", "People", "people"]


def people(registry: Registry) -> People:
    """The present persons of a registry."""
    with registry.reading() as database:
        wanted = col(File.path).in_(["participants.tsv", places.PERSON_LINKS])
        return read_roots(database.exec(select(File).where(wanted)).all()).people
