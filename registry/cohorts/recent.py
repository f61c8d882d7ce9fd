"""Saved queries and splits, the last made first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlmodel import col, select

from registry.cohorts import versioned
from registry.store import Registry
from registry.tables import Event, Query, Split

_Made = TypeVar("_Made", Query, Split)


def find_moments(registry: Registry, kind: str, field: str) -> dict[str, str]:
    """What events of a kind made to the moment of the last one (ISO 8601, UTC), oldest first.

    Args:
        registry: where.
        kind: of the events, such as `query.save`.
        field: of their payload, which names what was made.
    """
    asked = select(Event).where(Event.kind == kind).order_by(col(Event.at), col(Event.number))
    with registry.reading() as database:
        return {str(event.payload[field]): event.at for event in database.exec(asked)}


def saved_queries(registry: Registry) -> dict[str, Query]:
    """`name@version` to query, the last saved first; one whose event is missing comes last."""
    found = {f"{query.name}@{query.version}": query for query in versioned.list_all(registry, Query)}
    return _newest_first(found, find_moments(registry, "query.save", "query"))


def list_splits(registry: Registry, query: str | None = None) -> dict[str, Split]:
    """`name@version` to split, the last made first; one whose event is missing comes last.

    Args:
        registry: where.
        query: `name@version`. Splits made from it come first, then those made from its other versions.
    """
    found = {f"{split.name}@{split.version}": split for split in versioned.list_all(registry, Split)}
    found = _newest_first(found, find_moments(registry, "split.create", "split"))
    return dict(sorted(found.items(), key=lambda item: _distance(item[1], query))) if query else found


def _distance(split: Split, query: str) -> int:
    """0 where the split divides the persons of this very query, 1 of another version of it, 2 of another one."""
    if split.query == query:
        return 0
    return 1 if split.query.partition("@")[0] == query.partition("@")[0] else 2


def _newest_first(found: Mapping[str, _Made], moments: Mapping[str, str]) -> dict[str, _Made]:
    rank = {name: position for position, name in enumerate(moments)}
    return {name: found[name] for name in sorted(found, key=lambda name: rank.get(name, -1), reverse=True)}
