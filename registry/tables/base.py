"""The base of all tables. It has metadata of its own, so that a page's reload never redefines a table."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

from sqlalchemy import MetaData
from sqlalchemy.orm import configure_mappers
from sqlalchemy.orm import registry as orm_registry
from sqlmodel import SQLModel

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel, registry=orm_registry(metadata=MetaData(naming_convention=NAMING))):
    """Base of every table. Keys are natural (paths, codes), so a rebuild gives the same rows."""

    @classmethod
    def row(cls, **values: Any) -> Self:
        """A row to read and to insert in bulk; the ORM must not track it, and its values do not change.

        Made without the ORM's bookkeeping and without validation: a thirtieth of the time, which counts because an
        index makes several rows for each file. Columns that are not named take their default.
        """
        made = object.__new__(cls)
        made.__dict__.update(_defaults(cls))
        made.__dict__.update(values)
        for name in ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
            object.__setattr__(made, name, None)
        return made


@cache
def _defaults(table: type[Table]) -> dict[str, Any]:
    """The default of each column that has one; none of them can be changed in place."""
    configure_mappers()  # else a row that is made before any query cannot be read
    fields = table.model_fields.items()
    return {name: field.default for name, field in fields if not field.is_required() and not field.default_factory}
