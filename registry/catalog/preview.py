"""Show a query while it is being written: its first rows, its counts, and the views and columns that it can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.catalog import Catalog
from registry.catalog.views import VIEWS

SHOWN = 200
"""Rows of a result that a page shows."""

Row = dict[str, Any]

_COUNTS = """SELECT coalesce(i.site, 'not stated') AS site, coalesce(i.class, 'not stated') AS class,
    count(DISTINCT i.person_id) AS persons, count(DISTINCT i.subject) AS subjects,
    count(DISTINCT i.session) AS sessions, count(DISTINCT i.path) AS images
    FROM {query} q JOIN images i ON i.path = q.path GROUP BY ALL ORDER BY ALL"""
_TOTALS = """SELECT count(DISTINCT i.person_id) AS persons, count(DISTINCT i.subject) AS subjects,
    count(DISTINCT i.session) AS sessions, count(DISTINCT i.path) AS images
    FROM {query} q JOIN images i ON i.path = q.path"""


@dataclass(frozen=True)
class Preview:
    """The present result of a query.

    Attributes:
        rows: the first `SHOWN` rows.
        n_rows: the number of all rows.
        totals: persons, subjects, sessions, images; empty where the query names no images.
        groups: the same counts by site and class.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    n_rows: int
    totals: dict[str, int]
    groups: tuple[Row, ...]

    @property
    def names_images(self) -> bool:
        """Whether the query can be saved as a cohort: a cohort is a list of image paths."""
        return "path" in self.columns


@dataclass(frozen=True)
class DocumentedView:
    """One view with its columns, name and type."""

    name: str
    about: str
    columns: tuple[tuple[str, str], ...]


def preview(catalog: Catalog, sql: str) -> Preview:
    """Run a query and keep its first rows and its counts.

    Raises:
        QueryError: SQL that writes or fails.
    """
    text = sql.strip().rstrip(";").strip()
    query = catalog.subquery(text)
    first = catalog.arrow(f"SELECT * FROM {query} q LIMIT {SHOWN}")
    count = catalog.value(f"SELECT count(*) FROM {query} q")
    columns = tuple(first.column_names)
    if "path" not in columns:
        return Preview(columns, tuple(first.to_pylist()), count, {}, ())
    totals = catalog.rows(_TOTALS.format(query=query))[0]
    groups = catalog.rows(_COUNTS.format(query=query))
    return Preview(columns, tuple(first.to_pylist()), count, totals, tuple(groups))


def list_views(catalog: Catalog) -> list[DocumentedView]:
    """The views that queries read, in the order of the documentation."""
    return [DocumentedView(name, view.about, _columns(catalog, name)) for name, view in VIEWS.items()]


def _columns(catalog: Catalog, view: str) -> tuple[tuple[str, str], ...]:
    schema = catalog.arrow(f"SELECT * FROM {view} LIMIT 0").schema
    return tuple((field.name, _plain(str(field.type))) for field in schema)


def _plain(kind: str) -> str:
    words = {"string": "text", "bool": "yes or no", "double": "number"}
    return words.get(kind, "whole number" if "int" in kind else kind)
