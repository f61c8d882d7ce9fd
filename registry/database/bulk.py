"""Insert many rows at once, past the ORM: the objects are read and not kept."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby, islice
from typing import Any

from sqlmodel import Session, SQLModel

_BATCH = 5_000


def insert(session: Session, rows: Iterable[SQLModel]) -> None:
    """Insert rows in their order; neighbours of one table go together, a few thousand at a time."""
    table: Any
    for table, alike in groupby(rows, type):
        while batch := [row.model_dump() for row in islice(alike, _BATCH)]:
            session.execute(table.__table__.insert(), batch)
