"""Saved queries: each has a name, a version, and SQL that never changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from registry.bids import places
from registry.catalog import Catalog
from registry.cohorts import versioned
from registry.errors import QueryError, UsageError
from registry.files.canonical import readable_json, sha256_bytes
from registry.publishing import Change, publish, write_files
from registry.store import Registry
from registry.tables import Query

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def save(registry: Registry, name: str, sql: str) -> Query:
    """Save a query after running it once, and return it; where the newest version has the same SQL, return that.

    Args:
        registry: the registry.
        name: a letter, then at most 63 letters, digits, `-` and `_`.
        sql: a SELECT that returns image paths in a column `path`.

    Raises:
        UsageError: the name is not such a word.
        QueryError: the SQL writes, fails, or returns no column `path`.
    """
    require_name(name)
    sql = sql.strip().rstrip(";").strip()
    catalog = Catalog.of(registry)
    require_paths(catalog.arrow(f"SELECT * FROM {catalog.subquery(sql)} AS query").column_names)
    newest = next(iter(versioned.list_versions(registry, Query, name)), None)
    if newest is not None and newest.sql == sql:
        return newest
    version = newest.version + 1 if newest else 1
    body = {"name": name, "version": version, "sql": sql, "sha256": sha256_bytes(sql.encode())}
    path = f"{places.QUERIES}/{name}@{version}.json"
    change = Change("query.save", f"Save query {name}@{version}", {"query": f"{name}@{version}"})
    publish(registry, change, write_files({path: readable_json(body)}))
    return get(registry, f"{name}@{version}")


def get(registry: Registry, reference: str) -> Query:
    """The query `name@version`, or the newest version of `name`.

    Raises:
        NotFound: there is no such query.
    """
    return versioned.get(registry, Query, reference)


def run(registry: Registry, reference: str) -> list[dict[str, Any]]:
    """The rows that a saved query returns now."""
    return Catalog.of(registry).rows(get(registry, reference).sql)


def require_paths(columns: Sequence[str]) -> None:
    """Refuse a query without image paths.

    Raises:
        QueryError: there is no column `path`.
    """
    if "path" not in columns:
        raise QueryError(
            "The query returns no column 'path', so it names no images.",
            "Select from the view images, such as SELECT * FROM images",
        )


def require_name(name: str) -> None:
    """Refuse a name that is not a simple word: names become file names.

    Raises:
        UsageError: the name is not a letter, then at most 63 letters, digits, `-` and `_`.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be a name here.",
            "Start with a letter; use letters, digits, - and _; at most 64 characters.",
        )
