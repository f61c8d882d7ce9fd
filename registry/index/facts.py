"""Read one file into facts: the only place where the registry opens the files it indexes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.bids import places
from registry.bids.names import parse
from registry.bids.sidecars import read_json
from registry.bids.table_keys import key_of, require_keys
from registry.errors import InvalidInput
from registry.files.canonical import parse_table, sha256_bytes, sha256_file
from registry.files.collector import pause_collector
from registry.files.parallel import FEWEST, map_files
from registry.files.progress import Progress

if TYPE_CHECKING:
    from registry.tables import File  # at run time a worker starts without the tables


LABEL_SUFFIXES = frozenset({"mask", "dseg"})
INDEXED_FOLDERS = ("derivatives", "code/registry")
_INDEXED = ("sub-", *(f"{folder}/" for folder in INDEXED_FOLDERS))

_TEXTS = (".json", ".tsv")

_TEXTS_A_VOLUME = 8
"""Reading so many sidecars or tables takes as long as reading one small volume."""

HEAVY_BYTES = 8 << 20
"""A few files that are larger than this together are worth a worker's start."""


def is_indexed(path: str) -> bool:
    """Whether `walk` finds this path; the others (`sourcedata`, `logs`, hidden files) are only carried."""
    if path[0] == "." or "/." in path:
        return False
    return "/" not in path or path.startswith(_INDEXED)


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
        paths: what to read; an error names the first, in this order, that cannot be read.
        progress: called after each file.
        what: the text that `progress` gets.
        cores: processes to use; all by default.

    Raises:
        InvalidInput: as `read`.
    """
    from registry.tables import File

    volumes_here = [path for path in paths if not path.endswith(_TEXTS)]
    heavy = sum(_size(root / path) for path in volumes_here[:FEWEST]) > HEAVY_BYTES
    if not heavy and len(volumes_here) + len(paths) / _TEXTS_A_VOLUME < FEWEST:
        cores = 1
    files: list[File] = []
    with pause_collector():
        for record in map_files(partial(read_record, root), paths, cores=cores, heavy=heavy):
            files.append(File.row(**record))
            if progress:
                progress(len(files), len(paths), what)
    return files


def read_record(root: Path, path: str) -> dict[str, Any]:
    """The columns of `File` for one file, as a plain mapping: what a worker sends back."""
    try:
        return _text_record(root, path) if path.endswith(_TEXTS) else _record(root, path)
    except FileNotFoundError as error:
        raise InvalidInput(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}") from error


def _text_record(root: Path, path: str) -> dict[str, Any]:
    """The columns of a sidecar or a table, which is opened only once: there are more of them than images."""
    file = os.open(f"{root}/{path}", os.O_RDONLY)  # half the system calls of a stream
    try:
        state = os.fstat(file)
        data = os.read(file, state.st_size + 1)
        while len(data) != state.st_size and (more := os.read(file, HEAVY_BYTES)):
            data += more
    finally:
        os.close(file)
    return _columns(path, state, sha256_bytes(data), _text(data, path) if is_indexed(path) else {})


def _record(root: Path, path: str) -> dict[str, Any]:
    file = root / path
    return _columns(path, file.stat(), sha256_file(file), content(file, path))


def _columns(path: str, state: os.stat_result, checksum: str, facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": path,
        "subject_id": places.subject_of(path),
        "sha256": checksum,
        "size": state.st_size,
        "mtime_ns": state.st_mtime_ns,
        "facts": facts,
    }


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # the reading reports what is wrong


def content(file: Path, path: str) -> dict[str, Any]:
    """The facts in a file, by the extension of its path in the registry; `{}` for files that are only carried."""
    if not is_indexed(path):
        return {}
    if path.endswith((".nii.gz", ".nii")):
        return _nifti(file, path)
    if path.startswith("code/registry/") and path.endswith(".gz"):
        return {}
    return _text(file.read_bytes(), path) if path.endswith(_TEXTS) else {}


def _text(data: bytes, path: str) -> dict[str, Any]:
    is_json = path.endswith(".json")
    try:
        return {"json": read_json(data)} if is_json else {"rows": _tsv(data, path)}
    except ValueError as error:
        kind = "readable JSON" if is_json else "a readable table"
        raise InvalidInput(f"{path.rpartition('/')[2]} is not {kind}.", f"{error}") from error


def _tsv(data: bytes, path: str) -> list[dict[str, str | None]]:
    rows = parse_table(data)[1]
    if key := key_of(path):
        require_keys(rows, key)
    return rows


def of_header(file: Path) -> dict[str, Any]:
    """The facts that a NIfTI header states; no voxel is read.

    Raises:
        InvalidInput: the file is no readable image.
    """
    from registry.files import volumes  # numpy, which most commands do without

    header = volumes.read_header(file)
    facts: dict[str, Any] = {
        "shape": list(header.shape),
        "affine": [float(value) for value in header.affine_ras.ravel()],
        "spacing": list(header.spacing_mm),
        "dtype": header.dtype,
        "orientation": header.orientation,
        "forms_agree": header.forms_agree,
    }
    if header.forms_missing:  # said only of such files: the facts of all others are those of earlier versions
        facts["forms_missing"] = True
    return facts


def _nifti(file: Path, path: str) -> dict[str, Any]:
    facts, name = of_header(file), parse(path)
    if name is not None and name.suffix in LABEL_SUFFIXES:
        facts["counts"] = _count_labels(file)
    return facts


def _count_labels(file: Path) -> dict[str, int]:
    """The number of voxels of each label value, background left out."""
    import numpy as np

    from registry.files import volumes

    counts = np.bincount(volumes.load_labels(file).data.ravel())
    return {str(value): int(counts[value]) for value in np.flatnonzero(counts) if value}
