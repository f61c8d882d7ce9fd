"""The index of names and sidecars: `scan` reads a tree, `rescan` what changed since."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from registry.bids.filenames import Name, parse_name
from registry.bids.names import DATATYPES
from registry.bids.sidecars import Document, Level, Metadata, Sidecar, inherit, read_document
from registry.bids.walk import Folder, Tree, list_tree
from registry.files.canonical import canonical_json
from registry.snapshots.freeze import paused
from registry.vocabulary.findings import Finding, Severity

if TYPE_CHECKING:
    import pyarrow as pa

_JSON = ".json"
_NOTHING: Metadata = {}


class Row(NamedTuple):
    """One file of a tree.

    Attributes:
        path: relative to the root, POSIX.
        entities: short key to label; empty, as the suffix is, where the name is no BIDS name.
        suffix: `FLAIR`, `bold`, ...
        extension: from the first dot on.
        datatype: `anat`, ... or empty above such a folder.
        size: bytes, -1 where the content is not on this machine.
        mtime_ns: time of the last change, -1 likewise.
        metadata: what its sidecars say, inherited ones included; empty for JSON files. Shared between rows: read only.
    """

    path: str
    entities: Mapping[str, str]
    suffix: str
    extension: str
    datatype: str
    size: int
    mtime_ns: int
    metadata: Metadata


@dataclass(frozen=True)
class Index:
    """Names and sidecars of a tree.

    Attributes:
        rows: every file, sorted by the bytes of its path.
        findings: what could not be read, or is ambiguous, by path; nothing is left out silently.
        tree: the folders as they were listed.
        documents: sidecars as they were read, by path.
    """

    rows: list[Row]
    findings: tuple[Finding, ...]
    tree: Tree
    documents: Mapping[str, Document]

    def arrow(self) -> pa.Table:
        """The rows as an Arrow table: one column an entity, metadata as JSON text."""
        import pyarrow as pa

        columns = dict(zip(Row._fields, zip(*self.rows, strict=True), strict=True)) if self.rows else {}
        entities = columns.pop("entities", ())
        known = sorted({key for item in entities for key in item})
        table = {key: [item.get(key) for item in entities] for key in known}
        table |= {name: list(column) for name, column in columns.items() if name != "metadata"}
        table["metadata"] = [canonical_json(item).decode() if item else None for item in columns.get("metadata", ())]
        return pa.table(table)


def scan(root: str | os.PathLike[str]) -> Index:
    """Index a BIDS tree: its raw root with the derivatives inside, each a dataset of its own."""
    with paused():
        return _index(list_tree(root), {})


def rescan(before: Index) -> Index:
    """The same tree now: only folders and sidecars whose size or time changed are read again.

    Equal to `scan` of the same root; the very same index where nothing changed.
    """
    with paused():
        tree = list_tree(before.tree.root, before.tree)
        if tree is before.tree and all(document.stamp for document in before.documents.values()):
            return before
        return _index(tree, before.documents)


def _index(tree: Tree, held: Mapping[str, Document]) -> Index:
    documents: dict[str, Document] = {}
    levels: dict[str, tuple[Level, ...]] = {}
    rows: list[Row] = []
    findings = tree.findings()
    for path, folder in tree.folders.items():
        names = {filename: parse_name(filename) for filename in folder.files}
        own = _sidecars(tree, folder, names, held, documents)
        levels[path] = (*_above(levels, path), *((own,) if own else ()))
        rows += _rows(folder, names, levels[path], findings)
    findings += [
        Finding("sidecar-unreadable", Severity.ERROR, path, document.problem)
        for path, document in documents.items()
        if document.problem
    ]
    rows.sort()
    return Index(rows, tuple(sorted(set(findings), key=lambda item: (item.path, item.code))), tree, documents)


def _above(levels: Mapping[str, tuple[Level, ...]], path: str) -> tuple[Level, ...]:
    """The sidecars of the folders above, none above a dataset's own root."""
    above = path[: path.rstrip("/").rfind("/") + 1]
    return () if above == "derivatives/" else levels.get(above, ()) if path else ()


def _sidecars(
    tree: Tree,
    folder: Folder,
    names: Mapping[str, Name],
    held: Mapping[str, Document],
    documents: dict[str, Document],
) -> Level:
    level: dict[str, list[Sidecar]] = {}
    for filename, name in names.items():
        if name.extension == _JSON and name.suffix:
            path, stamp = folder.path + filename, folder.files[filename]
            document = held.get(path)
            if document is None or document.stamp != stamp:
                document = read_document(tree.root + path, stamp)
            documents[path] = document
            level.setdefault(name.suffix, []).append(Sidecar(path, name.entities, document))
    return level


def _rows(folder: Folder, names: Mapping[str, Name], levels: tuple[Level, ...], findings: list[Finding]) -> list[Row]:
    last = folder.path.rstrip("/").rpartition("/")[2]
    datatype = last if last in DATATYPES else ""
    rows = []
    for filename, (size, mtime_ns) in folder.files.items():
        name = names[filename]
        inherits = name.suffix and name.extension != _JSON
        metadata = inherit(levels, name.suffix, name.entities, findings) if inherits else _NOTHING
        rows.append(Row(folder.path + filename, *name, datatype, size, mtime_ns, metadata))
    return rows
