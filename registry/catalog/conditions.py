"""Split a saved query into its conditions, to count what `WHERE a AND b AND c` keeps after each of them.

DuckDB's own parser takes the SQL apart and writes it back, so nothing here parses SQL a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from registry.catalog import Catalog
from registry.errors import QueryError

_EMPTY = ("group_expressions", "having", "qualify", "sample")
_PREFIX = "SELECT 1 WHERE "


@dataclass(frozen=True)
class Condition:
    """One condition in SQL, and the query with all conditions up to this one, included."""

    text: str
    sql: str


def split(catalog: Catalog, sql: str) -> tuple[str, list[Condition]]:
    """The query without its conditions, and each condition in order.

    A query that is no plain SELECT with a chain of AND (one that groups, limits, unites or samples) stays whole
    and has no conditions here, because leaving one out would change more than one filter.
    """
    try:
        tree = _parse(catalog, sql)
        node = tree["statements"][0]["node"]
        if not _is_plain(node):
            return sql, []
        parts = list(_list_parts(node["where_clause"]))
        texts = [_format_condition(catalog, part) for part in parts]
        bare = _write(catalog, tree, None)
        sqls = [_write(catalog, tree, _join(parts[: count + 1])) for count in range(len(parts))]
    except (QueryError, KeyError, IndexError, TypeError, ValueError):
        return sql, []
    return bare, [Condition(text, until) for text, until in zip(texts, sqls, strict=True)]


def _is_plain(node: dict[str, Any]) -> bool:
    if node["type"] != "SELECT_NODE" or node["where_clause"] is None or any(node[key] for key in _EMPTY):
        return False
    kinds = {item["type"] for item in node["modifiers"]}
    return kinds <= {"ORDER_MODIFIER"}


def _list_parts(expression: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if expression["type"] == "CONJUNCTION_AND":
        for child in expression["children"]:
            yield from _list_parts(child)
    else:
        yield expression


def _join(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    return {"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": "", "query_location": 0, "children": parts}


def _format_condition(catalog: Catalog, expression: dict[str, Any]) -> str:
    written = _write(catalog, _parse(catalog, f"{_PREFIX}true"), expression).removeprefix(_PREFIX)
    return written[1:-1] if written.startswith("(") and written.endswith(")") else written


def _parse(catalog: Catalog, sql: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(catalog.value("SELECT json_serialize_sql(?)", [sql]))
    if tree["error"]:
        raise QueryError(str(tree.get("error_message")))
    return tree


def _write(catalog: Catalog, tree: dict[str, Any], where: dict[str, Any] | None) -> str:
    statement = {**tree["statements"][0], "node": {**tree["statements"][0]["node"], "where_clause": where}}
    text = json.dumps({**tree, "statements": [statement]})
    return str(catalog.value("SELECT json_deserialize_sql(?::JSON)", [text]))
