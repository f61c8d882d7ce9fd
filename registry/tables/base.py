"""The common base: Cohortium's tables have their own metadata, so that a page's reload never redefines them."""

from __future__ import annotations

from sqlalchemy import MetaData
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
