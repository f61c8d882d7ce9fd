"""The delivery's own table: its rows fill holes that file names leave open, such as the person."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from curation.importers.patterns.language import Match, fill
from curation.importers.patterns.rules import TableRule
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, Staging
from registry.errors import InvalidInput
from registry.vocabulary.display import format_count

_MISSING = frozenset({"", "n/a", "na", "nan", "none", "unknown", "?", "-"})


@dataclass(frozen=True)
class Rows:
    """Rows by key. `name` is the table's path, for messages."""

    name: str = ""
    rule: TableRule | None = None
    by_key: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    joined: set[str] = field(default_factory=set)
    """Keys of the rows that a file was joined with."""

    def join(self, holes: Mapping[str, str]) -> Mapping[str, str]:
        """The holes of a file, with those that its row of the table fills.

        Raises:
            RefusedError: the table is required and has no row for the file's key.
        """
        if self.rule is None:
            return holes
        key = fill(self.rule.of, holes)
        row = self.by_key.get(_number(key))
        if row is not None:
            self.joined.add(_number(key))
        if row is None and self.rule.required:
            raise RefusedError(Reason.NOT_LISTED, f"{self.name} has no row '{key}', so its subject is unknown.")
        return {**(row or {}), **holes}


def read(tree: Staging, source: Path, tables: list[Match], rule: TableRule | None) -> Rows:
    """The rows of a delivery's tables, separated by tabs in `.tsv` and by commas in other files.

    Args:
        tree: gets the note about rows that differ, and the tables as used files.
        source: the delivery's folder.
        tables: their files.
        rule: of the recipe; None gives no rows.

    Raises:
        InvalidInput: a required table is missing, or a table cannot be read.
    """
    if rule is None:
        return Rows()
    if not tables and rule.required:
        raise InvalidInput(
            f"{source.name} lacks the table with the column '{rule.key}'.",
            "Nothing else says which files are one person; see docs/recipes.md.",
        )
    rows: dict[str, dict[str, str]] = {}
    doubtful: set[str] = set()
    for item in tables:
        for row in _read(source / item.path, rule):
            key = _number(row[rule.key])
            if rows.setdefault(key, row) != row:
                doubtful.add(key)
        tree.used.append(item.path)
    if doubtful:
        tree.notes.append(f"Several rows that differ, so none is used: {rule.key} {', '.join(sorted(doubtful))}.")
    name = tables[0].path if tables else "the table"
    return Rows(name, rule, {key: row for key, row in rows.items() if key not in doubtful})


def note_unmatched(tree: Staging, rows: Rows) -> None:
    """Note the rows of the table that no file of the delivery belongs to."""
    if absent := {*rows.by_key} - rows.joined:
        tree.notes.append(f"{rows.name} has {format_count(len(absent), 'row')} without files here.")


def _read(path: Path, rule: TableRule) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))
        if any(rule.key not in row or None in row or None in row.values() for row in rows):
            raise ValueError(f"no column '{rule.key}', or rows of different lengths")
    except (ValueError, csv.Error, OSError) as error:
        raise InvalidInput(
            f"{path.name} is not a readable table ({error}).",
            f"Expected UTF-8, a header line and the column '{rule.key}'.",
        ) from error
    stripped = [{key: value.strip() for key, value in row.items()} for row in rows]
    known = [{key: value for key, value in row.items() if value.lower() not in _MISSING} for row in stripped]
    return [row for row in known if rule.key in row]


def _number(key: str) -> str:
    return str(int(key)) if key.isdecimal() else key
