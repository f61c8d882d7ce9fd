"""Rows of the tables of people and visits by their key, however an editor or a spreadsheet left the table.

What is certain is read and noted: UTF-16 with its mark, padded or quoted cells, a key column in capitals, empty lines,
a row that is there twice. What is not is refused, and rows that contradict each other are not used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from curation.importers.bids.import_state import BidsImportState
from curation.importers.report import SHOWN, Reason
from curation.importers.staging import RefusedError, require_inside
from registry.files.canonical import parse_table
from registry.privacy.patterns import in_labels
from registry.vocabulary.display import format_count

Row = dict[str, Any]

_LABELLED = re.compile(r"(?:sub|ses)-[A-Za-z0-9+]+")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_rows(state: BidsImportState, path: str, key: str) -> dict[str, Row]:
    """Rows of a table of the source by key; an absent or unreadable table is empty, the latter is refused.

    Args:
        state: the import.
        path: of the table, relative to the source.
        key: the column whose value names a row.
    """
    if path not in state.tables:
        state.tables[path] = _read(state, path, key)
    return state.tables[path]


def _read(state: BidsImportState, path: str, key: str) -> dict[str, Row]:
    if not (state.source / path).is_file():
        return {}
    try:
        require_inside(state.source, path)
        rows = _parse((state.source / path).read_bytes(), key)
    except (ValueError, OSError) as error:
        return _refuse_once(state, path, Reason.UNREADABLE_TSV, f"{error}.")
    except RefusedError as error:
        return _refuse_once(state, path, error.reason, error.detail)
    by_key: dict[str, Row] = {}
    doubtful = {str(row[key]) for row in rows if by_key.setdefault(str(row[key]), row) != row}
    if doubtful:
        state.tree.notes.append(f"{path}: rows of one {key} differ, so none is used: {list_some(doubtful)}.")
    return {name: row for name, row in by_key.items() if name not in doubtful}


def _refuse_once(state: BidsImportState, path: str, reason: Reason, detail: str) -> dict[str, Row]:
    """Refuse a table, which may have been refused before it was read, and return no rows."""
    if all(item.path != path for item in state.tree.refused):
        state.tree.refuse(path, reason, detail)
    return {}


def _parse(data: bytes, key: str) -> list[Row]:
    """The rows with stripped cells, and the key column under its own name.

    Raises:
        ValueError: rows of different lengths, a repeated column, not UTF-8, or no column of that name.
    """
    text = data.decode("utf-16") if data.startswith(_UTF16) else data.decode("utf-8-sig")
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]
    header, rows = parse_table("\n".join(lines).encode())
    names = {column: key if _strip(column).lower() == key else _strip(column) for column in header}
    if rows and key not in names.values():
        raise ValueError(f"It has no column '{key}'; a tab parts two columns")
    if len({*names.values()}) < len(names):
        raise ValueError("A column name appears twice")
    return [{names[column]: None if cell is None else _strip(cell) for column, cell in row.items()} for row in rows]


def _strip(cell: str) -> str:
    """The cell without blanks around it, and without the quotes that spreadsheets put around text."""
    cell = cell.strip()
    return cell[1:-1].strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def match_rows(state: BidsImportState, path: str, rows: Mapping[str, Row], known: Collection[str]) -> dict[str, Row]:
    """The rows under the names that the tree has, with a note of what matches nobody, on either side.

    A row may lack `sub-`, or write it in capitals, where exactly one name is meant.

    Args:
        state: the import.
        path: of the table.
        rows: by the name that the table has.
        known: the subjects that came in.
    """
    folded: dict[str, list[str]] = {}
    for name in known:
        folded.setdefault(name.lower(), []).append(name)
    found: dict[str, Row] = {}
    others: list[str] = []
    corrected: list[str] = []
    for name, row in rows.items():
        meant = [name] if name in known else folded.get(f"sub-{name.lower().removeprefix('sub-')}", [])
        if len(meant) != 1 or (meant[0] != name and meant[0] in rows):
            others.append(name)
            continue
        found[meant[0]] = row
        corrected += meant if meant[0] != name else []
    if corrected:
        state.tree.notes.append(f"{path} spells subjects without 'sub-' or in other letters: {list_some(corrected)}.")
    if others:
        state.tree.notes.append(
            f"{path} has {format_count(len(others), 'row')} without images here, left out: {list_some(others)}."
        )
    if rows and (without := sorted({*known} - {*found})):
        state.tree.notes.append(f"{path} has no row for {len(without)} of {len(known)} subjects: {list_some(without)}.")
    return found


def list_some(names: Collection[str]) -> str:
    """The first names that are BIDS, and how many more there are: any other name can be a person's."""
    fitting = sorted(name for name in names if _LABELLED.fullmatch(name) and not in_labels(name))[:SHOWN]
    others = len(names) - len(fitting)
    more = "1 other name" if others == 1 else f"{others} other names"
    return " and ".join([*([", ".join(fitting)] if fitting else []), *([more] if others else [])])
