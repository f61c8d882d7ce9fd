"""Filters over the images of the registry: choose values, count the images that each would leave, and get the SQL.

Start at `FACETS` (what can be chosen), `Filter` (what was chosen), `sql` (the query it writes), `count` (how many
images and persons each value has, given the other filters), `parse` (filters from `FIELD=VALUE` words) and
`recognise` (the filter that writes a condition).
"""

from __future__ import annotations

from registry.catalog.facets.counts import Choice, Counts, Span, count
from registry.catalog.facets.filters import Filter, Value, literal, sql
from registry.catalog.facets.kinds import FACETS, Facet, Kind, find_facet
from registry.catalog.facets.recognition import recognise
from registry.catalog.facets.words import format_filter, parse, shown

__all__ = [
    "FACETS",
    "Choice",
    "Counts",
    "Facet",
    "Filter",
    "Kind",
    "Span",
    "Value",
    "count",
    "find_facet",
    "format_filter",
    "literal",
    "parse",
    "recognise",
    "shown",
    "sql",
]
