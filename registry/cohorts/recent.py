"""List saved queries and splits, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlmodel import col, select

from registry.cohorts import versioned
from registry.store import Registry
from registry.tables import Event, Query, Split

_Made = TypeVar("_Made", Query, Split)


def find_moments(registry: Registry, kind: str, field: str) -> dict[str, str]:
    """Name of each thing that events of a kind made to the moment of its last event (ISO 8601, UTC), oldest first.

    Args:
        registry: the registry.
        kind: the kind of the events, such as `query.save`.
        field: the field of their payload that holds the name.
    """
    events = select(Event).where(Event.kind == kind).order_by(col(Event.at), col(Event.number))
    with registry.reading() as database:
        return {str(event.payload[field]): event.at for event in database.exec(events)}


def saved_queries(registry: Registry) -> dict[str, Query]:
    """`name@version` to query, newest first; a query without an event comes last."""
    found = {f"{query.name}@{query.version}": query for query in versioned.list_all(registry, Query)}
    return _sort_newest_first(found, find_moments(registry, "query.save", "query"))


def list_splits(registry: Registry, query: str | None = None) -> dict[str, Split]:
    """`name@version` to split, newest first; a split without an event comes last.

    Args:
        registry: the registry.
        query: `name@version`. Splits made from it come first, then those made from its other versions.
    """
    found = {f"{split.name}@{split.version}": split for split in versioned.list_all(registry, Split)}
    found = _sort_newest_first(found, find_moments(registry, "split.create", "split"))
    return dict(sorted(found.items(), key=lambda item: _rank_by_query(item[1], query))) if query else found


def _rank_by_query(split: Split, query: str) -> int:
    """0 where the split divides this version of the query, 1 where another version, 2 where another query."""
    if split.query == query:
        return 0
    return 1 if split.query.partition("@")[0] == query.partition("@")[0] else 2


def _sort_newest_first(found: Mapping[str, _Made], moments: Mapping[str, str]) -> dict[str, _Made]:
    rank = {name: position for position, name in enumerate(moments)}
    return {name: found[name] for name in sorted(found, key=lambda name: rank.get(name, -1), reverse=True)}
