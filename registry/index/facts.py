"""Read one file into facts: the only place where the registry opens the files it indexes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from registry.bids.names import parse
from registry.bids.sidecars import read_json
from registry.bids.table_keys import key_of, require_keys
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.canonical import read_tsv, sha256_file
from registry.files.parallel import mapped
from registry.files.progress import Progress

if TYPE_CHECKING:
    from registry.tables import File  # at run time a worker starts without the tables


LABEL_SUFFIXES = frozenset({"mask", "dseg"})
INDEXED_FOLDERS = ("derivatives", "code/registry")

HEAVY_BYTES = 8 << 20
"""Files that are larger together are worth a worker's start, however few they are."""


def is_indexed(path: str) -> bool:
    """Whether `scanning.walk` finds this path; the others (`sourcedata`, `logs`, hidden files) are only carried."""
    parts = path.split("/")
    if any(part.startswith(".") for part in parts):
        return False
    return len(parts) == 1 or parts[0].startswith("sub-") or path.startswith(tuple(f"{f}/" for f in INDEXED_FOLDERS))


def subject_of(path: str) -> str | None:
    """`sub-A000` for a path inside a subject's folder, raw or derivative; None above."""
    return next((part for part in path.split("/")[:-1] if part.startswith("sub-")), None)


def read(root: Path, path: str) -> File:
    """Checksum, size, time and content facts of one file.

    Raises:
        InvalidInput: the file is a NIfTI, JSON or TSV by name but cannot be read as one, or its content is absent.
    """
    return next(iter(read_all(root, [path])))


def read_all(
    root: Path, paths: Sequence[str], progress: Progress | None = None, what: str = "", cores: int | None = None
) -> list[File]:
    """The facts of many files, read by all cores, in the order of `paths`.

    Args:
        root: the folder the paths are in.
        paths: what to read; the first that cannot be read, in this order, is the one that is named.
        progress: told about each file.
        what: the words it is told.
        cores: processes to use; all by default.

    Raises:
        InvalidInput: as `read`.
    """
    from registry.tables import File

    heavy = sum(_size(root / path) for path in paths) > HEAVY_BYTES
    files = []
    for record in mapped(partial(read_record, root), paths, cores=cores, heavy=heavy):
        files.append(File(**record))
        if progress:
            progress(len(files), len(paths), what)
    return files


def read_record(root: Path, path: str) -> dict[str, Any]:
    """The columns of `File` for one file, as a plain mapping: what a worker sends back."""
    place = root / path
    try:
        state = place.stat()
        checksum = sha256_file(place)
    except FileNotFoundError as error:
        raise InvalidInput(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}") from error
    return {
        "path": path,
        "subject_id": subject_of(path),
        "sha256": checksum,
        "size": state.st_size,
        "mtime_ns": state.st_mtime_ns,
        "facts": content(place, path),
    }


def _size(place: Path) -> int:
    try:
        return place.stat().st_size
    except OSError:
        return 0  # reading it will say what is wrong


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
        return read_json(place.read_bytes())
    except ValueError as error:
        raise InvalidInput(f"{place.name} is not readable JSON.", f"{error}") from error


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
