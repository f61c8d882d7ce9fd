"""Count the images and persons of each value, given the filters of the other facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from registry.catalog import Catalog
from registry.catalog.facets.filters import Filter, Value, conditions, rank
from registry.catalog.facets.kinds import FACETS, Facet, Kind

Row = Mapping[str, Any]

_HELD = """WITH held AS MATERIALIZED (SELECT path, person_id, subject, session, coalesce(site, 'not stated') AS in_site,
    coalesce(class, 'not stated') AS in_class, {columns} FROM images)"""
_CHOICES = """SELECT '{field}' AS field, CAST(v{n} AS VARCHAR) AS value, NULL::DOUBLE AS low, NULL::DOUBLE AS high,
    {counts} FROM held GROUP BY v{n}"""
_SPAN = """SELECT '{field}', CASE WHEN v{n} IS NULL THEN NULL ELSE '' END AS stated, min(v{n}), max(v{n}),
    {counts} FROM held GROUP BY stated"""
_COUNTS = "count(*) FILTER (WHERE {k}) AS images, count(DISTINCT person_id) FILTER (WHERE {k}) AS persons"
_GROUPS = """SELECT in_site AS site, in_class AS class, count(DISTINCT person_id) AS persons, count(*) AS images
    FROM held WHERE {k} GROUP BY ALL ORDER BY ALL"""
_TOTALS = """SELECT count(DISTINCT person_id) AS persons, count(DISTINCT subject) AS subjects,
    count(DISTINCT session) AS sessions, count(*) AS images FROM held WHERE {k}"""


@dataclass(frozen=True)
class Choice:
    """One value of a facet; None is "not stated". It counts the images and persons that the other filters leave."""

    value: Value | None
    images: int
    persons: int


@dataclass(frozen=True)
class Span:
    """The range of a facet in the whole registry, and the number of images that the other filters leave.

    Attributes:
        low: the smallest number in the registry, None where there is none.
        high: the largest.
        stated: images with a number.
        missing: images without one.
    """

    low: float | None
    high: float | None
    stated: int
    missing: int


@dataclass(frozen=True)
class Counts:
    """Everything that changes when a filter does.

    Attributes:
        totals: persons, subjects, sessions, images that pass every filter.
        groups: rows `site, class, persons, images` of these images; a site or class may be `not stated`.
        choices: field to its values in the registry, in order, "not stated" last, also values without an image now.
        spans: field to its range, for the facets that are ranges.
    """

    totals: Mapping[str, int]
    groups: tuple[Row, ...]
    choices: Mapping[str, tuple[Choice, ...]]
    spans: Mapping[str, Span]

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


def count(catalog: Catalog, filters: Iterable[Filter]) -> Counts:
    """Count images and persons. Each facet counts the images that the filters of the other facets leave."""
    wanted = conditions(filters)
    held = _HELD.format(columns=", ".join(_columns(wanted)))
    rows = catalog.rows(
        f"{held}\n{' UNION ALL '.join(_format_count(n, facet, wanted) for n, facet in enumerate(FACETS))}"
    )
    every = _format_passing(wanted, "")
    return Counts(
        totals=catalog.rows(f"{held}\n{_TOTALS.format(k=every)}")[0],
        groups=tuple(catalog.rows(f"{held}\n{_GROUPS.format(k=every)}")),
        choices={facet.field: _choices(facet, rows) for facet in FACETS if facet.kind is not Kind.RANGE},
        spans={facet.field: _span(facet, rows) for facet in FACETS if facet.kind is Kind.RANGE},
    )


def _columns(wanted: Mapping[str, str]) -> list[str]:
    values = [f"{facet.column} AS v{number}" for number, facet in enumerate(FACETS)]
    return [*values, *(f"coalesce({text}, false) AS k_{field}" for field, text in wanted.items())]


def _format_count(number: int, facet: Facet, wanted: Mapping[str, str]) -> str:
    counts = _COUNTS.format(k=_format_passing(wanted, facet.field))
    return (_SPAN if facet.kind is Kind.RANGE else _CHOICES).format(field=facet.field, n=number, counts=counts)


def _format_passing(wanted: Mapping[str, str], but: str) -> str:
    return " AND ".join(f"k_{field}" for field in wanted if field != but) or "true"


def _choices(facet: Facet, rows: Iterable[Row]) -> tuple[Choice, ...]:
    choices = [
        Choice(_read(facet, row["value"]), row["images"], row["persons"]) for row in rows if row["field"] == facet.field
    ]
    return tuple(sorted(choices, key=_rank))


def _rank(choice: Choice) -> tuple[bool, tuple[float, str]]:
    return choice.value is None, rank(choice.value or "")


def _read(facet: Facet, text: str | None) -> Value | None:
    if text is None or facet.kind is Kind.TEXT:
        return text
    return float(text) if facet.kind is Kind.NUMBER else text == "true"


def _span(facet: Facet, rows: Iterable[Row]) -> Span:
    by_value = {row["value"]: row for row in rows if row["field"] == facet.field}
    stated, missing = by_value.get(""), by_value.get(None)
    return Span(
        low=stated["low"] if stated else None,
        high=stated["high"] if stated else None,
        stated=stated["images"] if stated else 0,
        missing=missing["images"] if missing else 0,
    )
