"""Join a staged tree with the files that a registry already holds: tables gain rows, sidecars must agree.

Deliveries share `participants.tsv`, `dataset_description.json` and the like. Every other file has one owner: a path
that exists with other content is refused, because evidence is never overwritten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from registry.bids.table_keys import key_of, require_keys
from registry.errors import InvalidInput
from registry.files.canonical import read_table, readable_json, sha256_file, tsv_bytes

REPLACEABLE = (
    "code/registry/persons.tsv",
    "code/registry/exclusions.tsv",
    "code/registry/checks/",
    "code/registry/runs/",
)
"""Paths, or folders, whose newer content replaces the older; git keeps the older."""


def merge_tree(tree: Path, root: Path, replaces: Collection[str] = (), adopts: Collection[str] = ()) -> None:
    """Merge shared files in `tree` with those in `root`, in place in `tree`; drop files that are equal.

    Args:
        tree: the staged files.
        root: the registry.
        replaces: paths whose new content replaces the old, because they are computed and their inputs changed.
        adopts: paths that already hold the new content; they are neither merged nor dropped.

    Raises:
        InvalidInput: a file exists in the registry with other content, or cannot be read.
    """
    for staged in sorted(path for path in tree.rglob("*") if path.is_file()):
        path = staged.relative_to(tree).as_posix()
        held = root / path
        if path in adopts or not os.path.lexists(held):
            continue
        if not held.exists():  # annexed, and its content is elsewhere
            raise InvalidInput(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}")
        if sha256_file(held) == sha256_file(staged):
            staged.unlink()
        elif path not in replaces:
            _merge(path, held, staged)


def _merge(path: str, held: Path, staged: Path) -> None:
    """Join one staged file with the registry's; the staged file is dropped where it adds nothing."""
    merge = _merger(path)
    if merge is None:
        raise _make_conflict(path)
    try:
        merged = merge(held, staged)
    except ValueError as error:
        raise InvalidInput(f"{path} cannot be joined with the one in the registry.", f"{error}") from error
    if merged == held.read_bytes():
        staged.unlink()
    else:
        staged.write_bytes(merged)


def _merger(path: str) -> Callable[[Path, Path], bytes] | None:
    name = path.rpartition("/")[2]
    if path.startswith(REPLACEABLE):
        return lambda _, new: new.read_bytes()
    if name in ("README", "README.md", "CHANGES", "LICENSE", ".bidsignore"):
        return _join_lines if name == ".bidsignore" else _append_text
    if (key := key_of(path)) and key != "index":  # a table of lesions or labels is one whole
        return _merge_table
    is_subject_file = "/sub-" in f"/{path}".rpartition("/")[0]
    if name == "dataset_description.json":
        return _merge_description
    if name.endswith(".json") and not path.startswith("code/") and not is_subject_file:
        return _merge_object
    return _gain_fields if name.endswith(".json") and path.startswith("sub-") else None


def _append_text(held: Path, staged: Path) -> bytes:
    old, new = held.read_text(), staged.read_text().strip()
    return (old if new in old else f"{old.rstrip()}\n\n{new}\n").encode()


def _join_lines(held: Path, staged: Path) -> bytes:
    old, new = held.read_text().splitlines(), staged.read_text().splitlines()
    return ("\n".join([*old, *(line for line in new if line not in {*old})]) + "\n").encode()


def _merge_table(held: Path, staged: Path) -> bytes:
    """Union of columns and rows; a row in both keeps its values and gains those that were missing."""
    (old_columns, old), (new_columns, new) = read_table(held), read_table(staged)
    key = str(key_of(staged.name))
    require_keys(new, key)
    rows = {row[key]: row for row in old}
    for row in new:
        rows[row[key]] = _merge_row(rows.get(row[key], {}), row, staged.name)
    columns = list(dict.fromkeys([*old_columns, *new_columns]))
    return tsv_bytes([rows[name] for name in sorted(rows, key=lambda text: str(text).encode())], columns)


def _merge_row(old: dict[str, str | None], new: dict[str, str | None], table: str) -> dict[str, str | None]:
    for column, value in new.items():
        if value is not None and old.get(column) not in (None, value):
            raise InvalidInput(
                f"{table} says {column} = {old[column]}, the delivery says {value}.",
                "Correct the delivery, or import it under another subject label.",
            )
    return {**old, **{column: value for column, value in new.items() if value is not None}}


def _merge_object(held: Path, staged: Path) -> bytes:
    """Union of keys; lists are joined; of two single values the registry's is kept."""
    return readable_json(_join(json.loads(held.read_text()), json.loads(staged.read_text())))


def _gain_fields(held: Path, staged: Path) -> bytes:
    """The sidecar of a raw file with the fields that it lacked; a field with two values is an error.

    Deliveries that state more than before come in again: so do those whose shared sidecars were once kept apart.
    """
    old, new = json.loads(held.read_text()), json.loads(staged.read_text())
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise _make_conflict(staged.name)
    if differing := sorted(key for key in new.keys() & old.keys() if new[key] != old[key]):
        raise _make_conflict(staged.name, f": {', '.join(differing)}")
    return held.read_bytes() if new.keys() <= old.keys() else readable_json({**new, **old})


def _make_conflict(path: str, what: str = "") -> InvalidInput:
    return InvalidInput(
        f"{path} is in the registry already, with other content{what}.",
        "Import it under another subject label, or exclude the old one first.",
    )


def _merge_description(held: Path, staged: Path) -> bytes:
    """As `_merge_object`, but licences that differ stand side by side: none covers the files of another delivery.

    A dataset that already holds people and states no licence does not take the licence of a delivery that joins it.
    """
    old, new = json.loads(held.read_text()), json.loads(staged.read_text())
    joined = _join(old, new)
    licences = [str(item["License"]) for item in (old, new) if item.get("License")]
    if old.get("License"):
        joined["License"] = "; ".join(dict.fromkeys(part for text in licences for part in text.split("; ")))
    elif (held.parent / "participants.tsv").exists():
        joined.pop("License", None)
    return readable_json(joined)


def _join(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**new, **{key: _join(value, new[key]) if key in new else value for key, value in old.items()}}
    if isinstance(old, list) and isinstance(new, list):
        return [*old, *(item for item in new if item not in old)]
    return old
