"""Read one file into facts: the only place where the registry opens the files it indexes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from registry import volumes
from registry.canon import read_tsv, sha256_file
from registry.errors import InvalidInput
from registry.keyed import key_of, require_keys
from registry.names import parse
from registry.tables import File

LABEL_SUFFIXES = frozenset({"mask", "dseg"})
INDEXED_FOLDERS = ("derivatives", "code/registry")


def walk(root: Path) -> Iterator[str]:
    """Paths of every file the registry indexes, relative to `root`, in the order the disk gives them.

    That is: files beside `dataset_description.json`, `sub-*`, `derivatives` and `code/registry`. Hidden files are
    passed over.
    """
    for entry in os.scandir(root):
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            yield entry.name
        elif entry.name.startswith("sub-"):
            yield from _walk(root, entry.name)
    for folder in INDEXED_FOLDERS:
        if (root / folder).is_dir():
            yield from _walk(root, folder)


def is_indexed(path: str) -> bool:
    """Whether `walk` would find this path; the others (`sourcedata`, `logs`, hidden files) are only carried."""
    parts = path.split("/")
    if any(part.startswith(".") for part in parts):
        return False
    return len(parts) == 1 or parts[0].startswith("sub-") or path.startswith(tuple(f"{f}/" for f in INDEXED_FOLDERS))


def _walk(root: Path, folder: str) -> Iterator[str]:
    for entry in os.scandir(root / folder):
        if entry.name.startswith("."):
            continue
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path)
        else:
            yield path


def subject_of(path: str) -> str | None:
    """`sub-A000` for a path inside a subject's folder, raw or derivative; None above."""
    return next((part for part in path.split("/")[:-1] if part.startswith("sub-")), None)


def read(root: Path, path: str) -> File:
    """Checksum, size, time and content facts of one file.

    Raises:
        InvalidInput: the file is a NIfTI, JSON or TSV by name but cannot be read as one, or its content is absent.
    """
    place = root / path
    try:
        state = place.stat()
    except FileNotFoundError as error:
        raise InvalidInput(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}") from error
    return File(
        path=path,
        subject_id=subject_of(path),
        sha256=sha256_file(place),
        size=state.st_size,
        mtime_ns=state.st_mtime_ns,
        facts=content(place, path),
    )


def content(place: Path, path: str) -> dict[str, Any]:
    """What a file says, by its extension; `{}` for kinds, and folders such as `sourcedata`, that are only carried."""
    if not is_indexed(path):
        return {}
    if path.endswith((".nii.gz", ".nii")):
        return _nifti(place, path)
    if path.startswith("code/registry/") and path.endswith(".gz"):
        return {}
    if path.endswith(".json"):
        return {"json": _json(place)}
    if path.endswith(".tsv"):
        return {"rows": _tsv(place, path)}
    return {}


def _json(place: Path) -> Any:
    try:
        return json.loads(place.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{place.name} is not readable JSON.", f"{error}") from error


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a JSON value; use null")


def _tsv(place: Path, path: str) -> list[dict[str, str | None]]:
    try:
        rows = read_tsv(place)
        if key := key_of(path):
            require_keys(rows, key)
        return rows
    except ValueError as error:
        raise InvalidInput(f"{place.name} is not a readable table.", f"{error}") from error


def _nifti(place: Path, path: str) -> dict[str, Any]:
    header = volumes.read_header(place)
    facts: dict[str, Any] = {
        "shape": list(header.shape),
        "affine": [float(value) for value in header.affine_ras.ravel()],
        "spacing": list(header.spacing_mm),
        "dtype": header.dtype,
        "orientation": header.orientation,
        "forms_agree": header.forms_agree,
    }
    name = parse(path)
    if name is not None and name.suffix in LABEL_SUFFIXES:
        facts["counts"] = _label_counts(place)
    return facts


def _label_counts(place: Path) -> dict[str, int]:
    """Voxels per label value, background left out."""
    counts = np.bincount(volumes.load_labels(place).data.ravel())
    return {str(value): int(counts[value]) for value in np.flatnonzero(counts) if value}
