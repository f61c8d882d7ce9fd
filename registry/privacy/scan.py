"""Read every file of a dataset and find what still identifies persons (law 12). Nothing is changed."""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from registry.bids.walk import list_all
from registry.errors import NotFound
from registry.files.parallel import map_files
from registry.privacy.kinds import Kind, ScanReport, finding
from registry.privacy.nifti_text import in_nifti
from registry.privacy.patterns import in_field, in_name, in_path, in_text
from registry.vocabulary.findings import Finding

Found = Iterable[tuple[Kind, str, str]]
"""Kind, the words for it, and where in the file it is."""

_SKIPPED = frozenset({".git", ".cohortium"})
_OWN = ("logs/", "code/registry/", ".datalad/")
_OWN_MOMENTS = frozenset({"at", "created", "started", "finished", "ended", "made", "frozen", "when"})
"""Keys and columns below `_OWN` that hold moments of the registry's own work, not of any person's visit."""

_MAX_TEXT_BYTES = 1 << 26
_PEEK = 4096
_HEADLESS = ("_physio.tsv", "_stim.tsv", "_motion.tsv")
"""Tables that BIDS writes without a header: the first line holds values already."""


def scan(root: Path, progress: Callable[[int, int, str], None] | None = None) -> ScanReport:
    """Scan a registry or any other BIDS tree; the findings are in the order of paths.

    Args:
        root: the dataset's root; `.git` and `.cohortium` below it are skipped.
        progress: called after each file.

    Raises:
        NotFound: there is no such folder.
    """
    if not root.is_dir():
        raise NotFound(f"There is no folder at {root}.", "Name the folder of a registry or of another BIDS dataset.")
    folders = f"{root}/"
    paths = sorted((path for path in list_all(root, _SKIPPED) if not os.path.isdir(folders + path)), key=str.encode)
    findings: list[Finding] = []
    for done, found in enumerate(map_files(partial(scan_file, root), paths), start=1):
        findings += found
        if progress:
            progress(done, len(paths), "scanning files")
    return ScanReport(len(paths), tuple(findings))


def scan_file(root: Path, path: str) -> list[Finding]:
    """Findings in one file and in its path."""
    broken = Kind.BROKEN_IMAGE if path.endswith((".nii", ".nii.gz")) else Kind.NOT_READ
    try:
        found = {item for item in _read(root / path) if not _is_own(path, *item)}
    except (OSError, EOFError, ValueError, zlib.error, RecursionError):
        found = {(broken, "cannot be read", "")}
    found |= {(kind, what, "") for kind, what in in_path(path)}
    certain = path.endswith((".json", ".tsv", ".jsonl", ".gz", ".nii")) and path != "dataset_description.json"
    return [
        finding(kind, path, f"{where or 'It'}: {what}." if where else f"{what[0].upper()}{what[1:]}.", certain=certain)
        for kind, what, where in sorted(found)
    ]


def _is_own(path: str, kind: Kind, _: str, where: str) -> bool:
    """Whether a date is allowed: a moment of the registry's own work, or a date that BIDS asks for in `CHANGES`."""
    if kind not in (Kind.DATE, Kind.DATE_LIKE):
        return False
    return path.endswith("CHANGES") or (path.startswith(_OWN) and where.rpartition(", ")[2] in _OWN_MOMENTS)


def _read(path: Path) -> Found:
    if not path.is_file():
        return [(Kind.NOT_READ, "its content is not on this machine", "")]
    if path.name.endswith((".nii", ".nii.gz")):
        return [(kind, what, "") for kind, what in in_nifti(path)]
    with path.open("rb") as stream:
        start = stream.read(_PEEK)
    if start[128:132] == b"DICM":
        return [(Kind.DICOM_FILE, "it is a DICOM file", "")]
    if path.stat().st_size > _MAX_TEXT_BYTES:
        return [(Kind.NOT_READ, "it is too large to be read as text", "")]
    data = gzip.decompress(path.read_bytes()) if start[:2] == b"\x1f\x8b" else path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [(Kind.NOT_READ, "it is neither text nor an image of a known format", "")]
    return _read_text(path.name.removesuffix(".gz"), text)


def _read_text(name: str, text: str) -> Found:
    if name.endswith(".json"):
        return _find_in_value(json.loads(text), "")
    if name.endswith(".jsonl"):
        return [item for line in text.splitlines() if line.strip() for item in _find_in_value(json.loads(line), "")]
    if name.endswith(".tsv"):
        return _find_in_table(text, headed=not name.endswith(_HEADLESS))
    return [
        (kind, what, f"line {number}")
        for number, line in enumerate(text.splitlines(), start=1)
        for kind, what in in_text(line)
    ]


def _find_in_value(value: Any, where: str) -> Iterator[tuple[Kind, str, str]]:
    """Traces in a JSON value. A key counts as the name of a field, whatever value it has, and also as a text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ((kind, what, "a key") for kind, what in in_text(key))
            if inner and isinstance(inner, dict | list):
                yield from ((kind, what, key[:64]) for kind, what in in_name(key))
            yield from _find_in_value(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _find_in_value(inner, where)
    elif value is not None:
        for kind, what in in_field(where, str(value)):
            yield kind, what, where[:64] if not in_text(where) else "a value"


def _find_in_table(text: str, *, headed: bool) -> Iterator[tuple[Kind, str, str]]:
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = next(rows, []) if headed else []
    for column in header:
        yield from ((kind, what, "line 1") for kind, what in in_text(column))
    for number, row in enumerate(rows, start=2 if headed else 1):
        for column, cell in zip([*header, *[""] * len(row)], row, strict=False):
            for kind, what in in_field(column, cell):
                yield kind, what, f"line {number}, {'a column' if in_text(column) else column[:64]}"
