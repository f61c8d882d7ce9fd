"""Read every file of a dataset and say what it still tells about persons (law 12). Nothing is changed."""

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

from registry.findings import Finding
from registry.parallel import mapped
from registry.privacy.headers import in_nifti
from registry.privacy.kinds import Kind, ScanReport, finding
from registry.privacy.texts import in_field, in_path, in_text

Found = Iterable[tuple[Kind, str, str]]
"""Kind, what it is, and where in the file."""

_SKIPPED = frozenset({".git", ".cohortium"})
_OWN_DATES = ("logs/", "code/registry/", ".datalad/")
"""Places whose dates are those of the registry's own work, not of any person's visit; `CHANGES` is another."""

_MAX_TEXT_BYTES = 1 << 26
_PEEK = 4096


def scan(root: Path, progress: Callable[[int, int, str], None] | None = None) -> ScanReport:
    """Scan a registry, or any BIDS tree; findings in the order of paths.

    Args:
        root: the dataset's root; `.git` and `.cohortium` below it are passed over.
        progress: told about each file.
    """
    paths = sorted(_walk(root), key=str.encode)
    findings: list[Finding] = []
    for done, found in enumerate(mapped(partial(scan_file, root), paths), start=1):
        findings += found
        if progress:
            progress(done, len(paths), "scanning files")
    return ScanReport(len(paths), tuple(findings))


def scan_file(root: Path, path: str) -> list[Finding]:
    """What one file, and its name, tell."""
    own_dates = path.startswith(_OWN_DATES) or path.endswith("CHANGES")
    try:
        found = {(kind, what, where) for kind, what, where in _read(root / path)}
    except (OSError, EOFError, ValueError, zlib.error):
        found = {(Kind.NOT_READ, "cannot be read", "")}
    found |= {(kind, what, "") for kind, what in in_path(path)}
    certain = path.endswith((".json", ".tsv", ".jsonl", ".gz", ".nii")) and path != "dataset_description.json"
    return [
        finding(kind, path, f"{where or 'It'}: {what}." if where else f"{what[0].upper()}{what[1:]}.", certain=certain)
        for kind, what, where in sorted(found)
        if not (own_dates and kind is Kind.DATE)
    ]


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED and not (Path(folder) / name).is_symlink()]
        for name in files:
            if name not in _SKIPPED:
                yield (Path(folder) / name).relative_to(root).as_posix()


def _read(place: Path) -> Found:
    if not place.is_file():
        return [(Kind.NOT_READ, "its content is not on this machine", "")]
    if place.name.endswith((".nii", ".nii.gz")):
        return [(kind, what, "") for kind, what in in_nifti(place)]
    with place.open("rb") as stream:
        start = stream.read(_PEEK)
    if start[128:132] == b"DICM":
        return [(Kind.DICOM_FILE, "it is a DICOM file", "")]
    if place.stat().st_size > _MAX_TEXT_BYTES:
        return [(Kind.NOT_READ, "it is too large to be read as text", "")]
    data = gzip.decompress(place.read_bytes()) if start[:2] == b"\x1f\x8b" else place.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [(Kind.NOT_READ, "it is neither text nor an image that is read here", "")]
    return _read_text(place.name.removesuffix(".gz"), text)


def _read_text(name: str, text: str) -> Found:
    if name.endswith(".json"):
        return _in_value(json.loads(text), "")
    if name.endswith(".jsonl"):
        return [item for line in text.splitlines() if line.strip() for item in _in_value(json.loads(line), "")]
    if name.endswith(".tsv"):
        return _in_table(text)
    return [(kind, what, f"line {number}") for number, line in enumerate(text.splitlines(), start=1)
            for kind, what in in_text(line)]  # fmt: skip


def _in_value(value: Any, where: str) -> Iterator[tuple[Kind, str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _in_value(inner, str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _in_value(inner, where)
    elif value is not None:
        for kind, what in in_field(where, str(value)):
            yield kind, what, where[:64]


def _in_table(text: str) -> Iterator[tuple[Kind, str, str]]:
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = next(rows, [])
    for number, row in enumerate(rows, start=2):
        for column, cell in zip([*header, *[""] * len(row)], row, strict=False):
            for kind, what in in_field(column, cell):
                yield kind, what, f"line {number}, {column[:64]}"
