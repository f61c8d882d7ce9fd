"""What happened, and what is under way."""

from typing import Any, Optional

from sqlalchemy import JSON, Column
from sqlmodel import Field

from registry.tables.base import Table


class Event(Table, table=True):
    """One accepted change. Append-only; each event holds the hash of the one before it by the same writer."""

    writer: str = Field(primary_key=True, description="this copy of the registry; each copy has its own chain")
    number: int = Field(primary_key=True)
    at: str = Field(description="UTC, ISO 8601, seconds")
    actor: str
    kind: str = Field(index=True)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    previous: str
    hash: str
    intent_id: Optional[str] = Field(default=None, index=True)
    commit: Optional[str] = Field(default=None, description="git commit that carries it; null while it waits")


class Intent(Table, table=True):
    """One write under way: staging, staged, applied; committed when git has it."""

    intent_id: str = Field(primary_key=True)
    state: str = Field(index=True)
    kind: str
    actor: str
    message: str
    plan: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    commit: Optional[str] = None


class Setting(Table, table=True):
    """A fact about this copy of the registry: its writer code, its projection version."""

    key: str = Field(primary_key=True)
    value: str
