"""Who is who: subjects that are one person. Start at `links.propose`, then `links.confirm` or `links.clear`.

`fingerprints` compares images, `proposals` collects what speaks for one person, `links` keeps what reviewers said in
`code/registry/persons.tsv`. The person of every row follows from it in `registry.index.rows.persons`.
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
    """The persons of a registry as they are known today."""
    with registry.reading() as database:
        wanted = col(File.path).in_(["participants.tsv", places.PERSON_LINKS])
        return read_roots(database.exec(select(File).where(wanted)).all()).people
