"""Tables and numbers beside images: allowed columns and cells are imported; a file with nothing else is copied."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item
from curation.importers.cleaning import values
from curation.importers.cleaning.values import Value
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids import places
from registry.bids.filenames import strip_extension
from registry.bids.table_keys import key_of, require_keys
from registry.files.canonical import gzip_bytes, read_table, tsv_bytes

_CELL = values.either(values.number, values.word)

EVENTS: Mapping[str, Value] = {
    **dict.fromkeys(("onset", "duration", "response_time", "sample"), values.number),
    "trial_type": values.name,
    "value": values.either(values.number, values.name),
    "HED": values.sentence,
}
"""BIDS' own columns of `events.tsv` but `stim_file`, whose files stay outside: BIDS requires them where it stands.

Columns that a delivery adds are left out.
"""

_RATERS: Mapping[str, Value] = {
    **dict.fromkeys(("desc_id", "rater_id", "role", "protocol"), values.word),
    "description": values.sentence,
}
_FIRST_OF_RATERS = ("desc_id", "description")
"""The columns that BIDS requires of `descriptions.tsv`, first and in this order."""

_DESC = re.compile(r"(?:desc-)?([0-9A-Za-z+]+)")
_LABELS: Mapping[str, Value] = {"name": values.name}
_KNOWN = {"events": EVENTS, "descriptions": _RATERS}

_NUMBERS = re.compile(rb"(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|n/a|nan|NaN|[\t\r\n ])*+")
_DAY = re.compile(rb"(?<![\d.])(?:19|20)\d\d[01]\d[0-3]\d(?![\d.])")
_GLUED = re.compile(rb"[\d.aN][+-]|[an]\d|\d[n]|\.\d*\.")
"""Two numbers without a blank between them: `2001-02-03`, `1.2.840`."""


def copy_table(state: BidsImportState, item: Item, target: str = "") -> list[dict[str, Any]]:
    """Write a table with its allowed columns and cells; a table with nothing else is copied byte by byte.

    Args:
        state: the import.
        item: the table in the source.
        target: its path in the tree; empty for the item's own.

    Returns:
        The rows as written.

    Raises:
        RefusedError: it is not a table, none of its columns is allowed, or its key column is absent or not unique.
    """
    header, rows = _read(state.source / item.path)
    target = target or item.target
    suffix = suffix_of(target)
    kinds = {column: kind for column in header if (kind := _find_kind(suffix, column)) is not None}
    kept = [{column: _keep_cell(kind, row[column]) for column, kind in kinds.items()} for row in rows]
    if not kinds:
        raise RefusedError(Reason.NOT_CARRIED, "None of its columns may come in.")
    state.dropped.update(f"{suffix}.tsv {format_column(column)}" for column in set(header) - set(kinds))
    pairs = list(zip(rows, kept, strict=True))
    changed = [column for column in kinds if any(old[column] != new[column] for old, new in pairs)]
    state.dropped.update(f"{suffix}.tsv {column} (part)" for column in changed)
    columns = list(kinds)
    if suffix == "descriptions":
        kept = [{**row, "desc_id": desc} for row in kept if (desc := _spell_desc(row.get("desc_id")))]
        columns = [*_FIRST_OF_RATERS, *(column for column in kinds if column not in _FIRST_OF_RATERS)]
    _require_keys(target, header, kept)
    same = columns == header and kept == rows
    state.tree.write(target, (state.source / item.path).read_bytes() if same else tsv_bytes(kept, columns))
    return kept


def _spell_desc(cell: str | None) -> str | None:
    """`desc-e01` as BIDS wants it, where a delivery may say `e01`; None where it is no label."""
    found = _DESC.fullmatch(cell or "")
    return f"desc-{found[1]}" if found else None


def _require_keys(path: str, header: list[str], rows: list[dict[str, Any]]) -> None:
    key = key_of(path)
    if key is None:
        return
    if key not in header:
        raise RefusedError(Reason.UNREADABLE_TSV, f"It has no column '{key}'; a tab parts two columns.")
    try:
        require_keys(rows, key)
    except ValueError as error:
        raise RefusedError(Reason.UNREADABLE_TSV, f"{error}.") from error


def copy_numbers(state: BidsImportState, item: Item, target: str = "") -> None:
    """Write gradients or a recording after checking that the file holds numbers and nothing else.

    Args:
        state: the import.
        item: the file in the source.
        target: its path in the tree; empty for the item's own.

    Raises:
        RefusedError: it is damaged, or holds anything that is not a number.
    """
    data = (state.source / item.path).read_bytes()
    packed = item.path.endswith(".gz")
    try:
        plain = gzip.decompress(data) if packed else data
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedError(Reason.UNREADABLE_TSV, f"{item.inner} is damaged ({error}).") from error
    if not _NUMBERS.fullmatch(plain) or _GLUED.search(plain) or (not packed and _DAY.search(plain)):
        raise RefusedError(Reason.NO_NUMBERS, "It holds something that is not a number.")
    state.tree.write(target or item.target, gzip_bytes(plain) if packed else data)


def columns_of(state: BidsImportState, target: str, fields: Mapping[str, Any]) -> set[str]:
    """The columns that the sidecar of a file can describe: those of the imported tables beside it and above it.

    Args:
        state: the import.
        target: path in the tree of a data file.
        fields: its metadata; recordings list their columns in it.
    """
    suffix = suffix_of(target)
    if suffix in ("physio", "stim"):
        listed = fields.get("Columns")
        return {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()
    dataset = places.split_dataset(target)[0]
    above = [path for path in state.tables_above if places.split_dataset(path)[0] == dataset]
    tables = [f"{strip_extension(target)}.tsv", *(path for path in above if path.endswith(f"_{suffix}.tsv"))]
    return {
        column for path in tables if path.lower() in state.tree.taken for column in _read_header(state.tree.root / path)
    }


def suffix_of(path: str) -> str:
    """`events` of `sub-1/func/sub-1_task-x_events.tsv.gz`."""
    return path.rpartition("/")[2].partition(".")[0].rpartition("_")[2]


def format_column(column: str) -> str:
    """The column's name as a report may show it."""
    return column if values.is_word(column) else "another column"


def format_columns(columns: Iterable[str]) -> str:
    """The columns' names as a report may show them, each once."""
    return ", ".join(sorted({format_column(column) for column in columns}))


def _find_kind(suffix: str, column: str) -> Value | None:
    if suffix in _KNOWN:
        return _KNOWN[suffix].get(column)
    return _LABELS.get(column, _CELL) if values.is_key(column) else None


def _keep_cell(kind: Value, cell: str | None) -> str | None:
    return cell if cell is None or kind(cell) is not None else None


def _read_header(path: Path) -> list[str]:
    return path.open(encoding="utf-8-sig").readline().rstrip("\r\n").split("\t")


def _read(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    try:
        return read_table(path)
    except (ValueError, OSError) as error:
        raise RefusedError(Reason.UNREADABLE_TSV, f"{error}.") from error
