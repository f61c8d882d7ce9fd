"""Insert many rows at once without the ORM, which would keep every object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Insert
from sqlmodel import Session, SQLModel

_BATCH = 5_000


def insert(database: Session, rows: Iterable[SQLModel]) -> None:
    """Insert rows in their order; consecutive rows of one table go together, a few thousand at a time."""
    table: Any
    connection = database.connection()
    for table, alike in groupby(rows, type):
        send = _make_sender(connection, table.__table__.insert())
        while batch := [_values(row) for row in islice(alike, _BATCH)]:
            send(batch)


def _values(row: SQLModel) -> dict[str, Any]:
    """The columns of a row; a row that `Table.row` made holds nothing else."""
    values = vars(row)
    return row.model_dump() if "_sa_instance_state" in values else values


def _make_sender(connection: Connection, statement: Insert) -> Callable[[Sequence[dict[str, Any]]], object]:
    """A function that sends rows straight to the driver: SQLAlchemy would spend more on a row than SQLite does."""
    dialect = connection.dialect
    if not dialect.positional:
        return lambda rows: connection.execute(statement, rows)
    columns = [
        (itemgetter(column.name), column.type.dialect_impl(dialect).bind_processor(dialect))
        for column in statement.table.columns
    ]
    text = str(statement.compile(dialect=dialect))

    def send(rows: Sequence[dict[str, Any]]) -> None:
        cells = [map(made, map(get, rows)) if made else map(get, rows) for get, made in columns]
        connection.exec_driver_sql(text, list(zip(*cells, strict=True)))

    return send
