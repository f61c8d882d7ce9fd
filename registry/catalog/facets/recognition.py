"""Find the filter that writes a condition of SQL, so that people need not read SQL."""

from __future__ import annotations

import re

from registry.catalog.facets.filters import Filter
from registry.catalog.facets.kinds import FACETS, Kind

_TEXT = r"'(?:[^']|'')*'"
_LITERAL = re.compile(_TEXT)
_EQUALS = re.compile(rf'"?(?P<column>\w+)"? (?:= {_TEXT}|IN \({_TEXT}(?:, {_TEXT})*\))')
_COLUMNS = {facet.column: facet for facet in FACETS if facet.kind is Kind.TEXT}


def recognise(condition: str) -> Filter | None:
    """The filter of a condition such as `channel = 'FLAIR'` or `"class" IN ('HC', 'MS')`; None for any other one.

    Args:
        condition: as DuckDB writes it, or as `sql` does.
    """
    match = _EQUALS.fullmatch(condition)
    facet = _COLUMNS.get(match["column"]) if match else None
    if facet is None:
        return None
    values = (text[1:-1].replace("''", "'") for text in _LITERAL.findall(condition))
    return Filter(facet.field, tuple(values))
