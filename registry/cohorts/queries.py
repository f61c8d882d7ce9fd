"""Saved queries: a name, a version, and SQL that never changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlmodel import col, select

from registry.bids import places
from registry.catalog import Catalog
from registry.errors import NotFound, QueryError, UsageError
from registry.files.canonical import readable_json, sha256_bytes
from registry.publishing import Change, publish, written
from registry.store import Registry
from registry.tables import Query

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def save(registry: Registry, name: str, sql: str) -> Query:
    """Save a query after running it once; the same SQL again gives the version that is there.

    Raises:
        UsageError: a name that is no simple word.
        QueryError: SQL that writes or fails, or that returns no column `path`.
    """
    require_name(name)
    sql = sql.strip().rstrip(";").strip()
    catalog = Catalog.of(registry)
    require_paths(catalog.arrow(f"SELECT * FROM {catalog.subquery(sql)} AS query").column_names)
    newest = next(iter(versions(registry, name)), None)
    if newest is not None and newest.sql == sql:
        return newest
    version = newest.version + 1 if newest else 1
    body = {"name": name, "version": version, "sql": sql, "sha256": sha256_bytes(sql.encode())}
    path = f"{places.QUERIES}/{name}@{version}.json"
    change = Change("query.save", f"Save query {name}@{version}", {"query": f"{name}@{version}"})
    publish(registry, change, written({path: readable_json(body)}))
    return get(registry, f"{name}@{version}")


def get(registry: Registry, reference: str) -> Query:
    """The query `name@version`, or the newest version of `name`.

    Raises:
        NotFound: no such query.
    """
    name, _, version = reference.partition("@")
    found = [query for query in versions(registry, name) if version in ("", str(query.version))]
    if not found:
        raise NotFound(f"There is no saved query '{reference}'.", "List them with: cohortium query list")
    return found[0]


def versions(registry: Registry, name: str) -> Sequence[Query]:
    """All versions of one query, newest first."""
    with registry.reading() as session:
        return session.exec(select(Query).where(Query.name == name).order_by(col(Query.version).desc())).all()


def listed(registry: Registry) -> Sequence[Query]:
    """Every saved query, by name and version."""
    with registry.reading() as session:
        return session.exec(select(Query).order_by(col(Query.name), col(Query.version))).all()


def run(registry: Registry, reference: str) -> list[dict[str, Any]]:
    """The rows a saved query gives now."""
    return Catalog.of(registry).rows(get(registry, reference).sql)


def require_paths(columns: Sequence[str]) -> None:
    """A cohort is a list of image paths.

    Raises:
        QueryError: there is no column `path`.
    """
    if "path" not in columns:
        raise QueryError(
            "The query returns no column 'path', so it names no images.",
            "Select from the view images, such as SELECT * FROM images",
        )


def require_name(name: str) -> None:
    """Names become file names, so they are simple words.

    Raises:
        UsageError: anything else.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot be a name here.",
            "Start with a letter; use letters, digits, - and _; at most 64 characters.",
        )
