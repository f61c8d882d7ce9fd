"""A pybids database from our own reading of the tree, so that `bids.BIDSLayout` opens at once instead of indexing.

pybids makes the empty database (tables, entities, one database a derivative) and answers every question; only its rows
are ours: files, their entities, their metadata and their associations, as pybids' own indexer would write them. Start
at `open_layout`. This module alone uses the library `bids`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import bids
from bids.exceptions import BIDSValidationError
from bids.layout import BIDSLayout, BIDSLayoutIndexer
from bids.layout.db import get_database_file
from bids.layout.models import BIDSFile, Entity, FileAssociation, Tag
from bids.layout.validation import DEFAULT_LOCATIONS_TO_IGNORE, validate_indexing_args
from bids.utils import natural_sort

from registry.bids.filenames import parse_name
from registry.bids.sidecars import Metadata, read_document
from registry.bids.walk import RACY_NS, Stamp, list_tree
from registry.errors import InvalidInput, StorageError
from registry.vocabulary.findings import Severity

VERSION = 1
"""Version of the rows written here; a database of another one is written anew."""

STAMP = "cohortium.json"
"""File beside a database that says which tree it was made from."""

CACHE = ".cohortium/layouts"
WHOLE = "whole"
"""Name of the database of all files in a registry's cache."""

_DERIVATIVES = "derivatives/"
_IMAGES = (".nii", ".nii.gz")
_LABEL = "X0cohortium0X"
"""Stands for a subject's label while a name is matched, so that a name that other subjects have too is matched once."""

_LINKED_TO_RUNS = {"physio": ("bold",), "stim": ("bold",), "events": ("bold",), "sbref": ("bold", "dwi")}
"""Which images a file of a suffix belongs to when all its entities are theirs."""

Files = Mapping[str, Stamp]
"""Paths relative to the root, with their stamps."""


def open_layout(
    root: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    paths: Iterable[str] | None = None,
    validate: bool = True,
) -> BIDSLayout:
    """What `BIDSLayout(root, derivatives=True, validate=validate)` gives, without its indexing.

    Args:
        root: a BIDS dataset; its derivatives are in the layout too.
        folder: where the database lies; it is written where it is missing or the tree is another one now. Without a
            folder the database of all files lies in the registry's cache, any other in memory.
        paths: limits the layout to these files and to the sidecars and tables that describe them.
        validate: leaves out what is no valid BIDS name, in the raw dataset. Derivatives are taken whole, as pybids
            takes them.

    Raises:
        InvalidInput: the root, or one of its derivatives, is no dataset for pybids.
        StorageError: the database cannot be written.
    """
    base = Path(root).absolute()
    files = _list_files(base)
    if paths is not None:
        files = _select(files, set(paths))
    elif folder is None and (base / CACHE).parent.is_dir():
        folder = base / CACHE / WHOLE
    with _one_sentence(base):
        if folder is None:
            layout = _make_empty(base, files, validate)
            for _, dataset in _list_datasets(layout, Path()):
                _fill(_connection(dataset), dataset, layout.root, files, validate and dataset is layout)
            return layout
        place = Path(folder).absolute()
        stamp = _stamp(base, files, validate)
        if not _is_current(place, stamp):
            _write(_make_empty(base, files, validate), place, files, validate)
            if not _is_fresh(files):
                (place / STAMP).write_text(json.dumps(stamp))
        return BIDSLayout(base, database_path=place, validate=validate)


@contextmanager
def _one_sentence(base: Path) -> Iterator[None]:
    try:
        yield
    except BIDSValidationError as error:
        line = str(error).splitlines()[0].rstrip(".")
        raise InvalidInput(f"pybids refuses {base}: {line}.", "Mend dataset_description.json.") from error
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"The layout cannot be written: {error}.", "Name another folder with --to.") from error


def _list_files(base: Path) -> Files:
    """Every file that pybids may index: all of a dataset but code, sources, models, stimuli and what is hidden."""
    tree = list_tree(base, belongs=lambda name: not _is_ignored(f"/{name}", DEFAULT_LOCATIONS_TO_IGNORE))
    wrong = next((item for item in tree.findings() if item.severity is Severity.ERROR), None)
    if wrong:
        raise InvalidInput(f"{wrong.path} {wrong.message}.", "Rename, replace or remove it.")
    return {found.path: (found.size, found.mtime_ns) for found in tree.files()}


def _is_ignored(path: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    return any(pattern.search(path) for pattern in patterns)


# --- which files of a tree describe the chosen ones


def _select(files: Files, chosen: set[str]) -> Files:
    """The chosen files, and whatever is no image and describes one of them or a whole dataset."""
    described = defaultdict(list)
    for path in chosen & files.keys():
        name = parse_name(path.rpartition("/")[2])
        for folder in _list_upwards(path.rpartition("/")[0]):
            described[folder, name.suffix].append(name.entities.items())
            described[folder, ""].append(name.entities.items())

    def describes(path: str) -> bool:
        folder, _, filename = path.rpartition("/")
        name = parse_name(filename)
        if name.extension in _IMAGES:
            return False
        if not name.entities:
            return not folder or (folder.startswith(_DERIVATIVES) and folder.count("/") == 1)
        key = "" if name.suffix in ("sessions", "scans") else name.suffix
        return any(name.entities.items() <= entities for entities in described[folder, key])

    return {path: stamp for path, stamp in files.items() if path in chosen or describes(path)}


def _list_upwards(folder: str) -> Iterator[str]:
    """A folder and those above, up to the root, which is empty."""
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


# --- whether a database is still that of the tree


def _stamp(base: Path, files: Files, validate: bool) -> dict[str, Any]:
    tree = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    return {"version": VERSION, "pybids": bids.__version__, "root": str(base), "validate": validate, "tree": tree}


def _is_current(place: Path, stamp: Mapping[str, Any]) -> bool:
    try:
        return bool(json.loads((place / STAMP).read_text()) == stamp)
    except (OSError, ValueError):
        return False


def _is_fresh(files: Files) -> bool:
    """Whether a file was written so lately that its time would not tell of another change."""
    return max((mtime_ns for _, mtime_ns in files.values()), default=0) > time.time_ns() - RACY_NS


# --- the database


def _make_empty(base: Path, files: Files, validate: bool) -> BIDSLayout:
    """A layout in memory that knows its derivatives and no file."""
    with_derivatives = any(
        path.startswith(_DERIVATIVES) and path.endswith("/dataset_description.json") and path.count("/") <= 2
        for path in files
    )
    return BIDSLayout(base, derivatives=with_derivatives, validate=validate, indexer=lambda layout: None)


def _list_datasets(layout: BIDSLayout, place: Path) -> Iterator[tuple[Path, BIDSLayout]]:
    """The raw dataset and each derivative, with the folder in which pybids looks for its database."""
    yield place, layout
    yield from ((place / name, derivative) for name, derivative in layout.derivatives.items())


def _write(layout: BIDSLayout, place: Path, files: Files, validate: bool) -> None:
    """Write each dataset's database beside the old one and put it in its place: who has the old one open keeps it."""
    (place / STAMP).unlink(missing_ok=True)
    for folder, dataset in _list_datasets(layout, place):
        final = Path(str(get_database_file(folder)))
        part = final.with_name(f"{final.name}.{secrets.token_hex(4)}")
        try:
            with closing(sqlite3.connect(part)) as connection:
                _connection(dataset).backup(connection)
                connection.execute("PRAGMA synchronous = OFF")  # half a database is never put in place
                connection.execute("PRAGMA journal_mode = OFF")
                _fill(connection, dataset, layout.root, files, validate and dataset is layout)
            part.replace(final)
        finally:
            part.unlink(missing_ok=True)


def _connection(layout: BIDSLayout) -> sqlite3.Connection:
    connection: sqlite3.Connection = layout.connection_manager.engine.raw_connection().driver_connection
    return connection


def _fill(connection: sqlite3.Connection, layout: BIDSLayout, root: str, files: Files, validate: bool) -> None:
    """Write the rows of one dataset of the tree at `root`."""
    inside = layout.root[len(root) + 1 :]
    prefix = f"{inside}/" if inside else ""
    inner = {path[len(prefix) :]: files[path] for path in sorted(files) if path.startswith(prefix)}
    own = {path: stamp for path, stamp in inner.items() if not path.startswith(_DERIVATIVES) or path.count("/") == 1}
    dataset = _Dataset(layout, own, validate)
    _insert(connection, BIDSFile, ("path", "filename", "dirname", "is_dir", "class_"), map(_row, dataset.files))
    _insert(connection, Tag, ("file_path", "entity_name", "_value", "_dtype", "is_metadata"), dataset.list_tags())
    found = ((term, False, "str") for term in sorted(dataset.terms - dataset.entities.keys()))
    _insert(connection, Entity, ("name", "mandatory", "_dtype"), found)
    _insert(connection, FileAssociation, ("src", "dst", "kind"), sorted(dataset.associations))
    connection.commit()
    layout.session.expire_all()


def _insert(
    connection: sqlite3.Connection, model: Any, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) VALUES ({marks})", rows)


class _File(NamedTuple):
    """One file as pybids reads its path.

    Attributes:
        path: absolute.
        folder: relative to the dataset.
        entities: pybids' names to the text in the path.
        compared: the same without suffix and extension, indices as numbers: `run-1` is `run-01`.
    """

    path: str
    folder: str
    entities: Mapping[str, str]
    compared: Mapping[str, str | int]
    suffix: str
    extension: str

    def belongs_to(self, other: _File) -> bool:
        """Whether the other has every entity of this one."""
        return self.compared.items() <= other.compared.items()


def _row(file: _File) -> tuple[str, str, str, bool, str]:
    dirname, _, filename = file.path.rpartition("/")
    return file.path, filename, dirname, False, _class(filename)


def _class(filename: str) -> str:
    if filename.endswith((".nii", ".nii.gz", ".gii")):
        return "image_file"
    return {".tsv": "data_file", ".tsv.gz": "data_file", ".json": "json_file"}.get(
        "." + filename.partition(".")[2], "file"
    )


class _Names:
    """Reads paths with pybids' own patterns; a path that other subjects have too is matched once."""

    def __init__(self, layout: BIDSLayout, entities: Sequence[Entity], validate: bool) -> None:
        self._root = layout.root
        self._patterns = [(entity.name, entity.regex) for entity in entities if entity.regex]
        self._indices = {entity.name for entity in entities if entity._dtype == "int"}
        self._ignored = validate_indexing_args(None, None, Path(layout.root))[0]
        self._is_bids = BIDSLayoutIndexer(validate=True).validator.is_bids if validate else None
        self._known: dict[str, Mapping[str, str] | None] = {}

    def read(self, path: str) -> _File | None:
        """The file at a path relative to the dataset; None where pybids leaves it out."""
        folder = path.rpartition("/")[0]
        subject = folder.partition("/")[0]
        label = subject[4:] if subject.startswith("sub-") and subject[4:].isalnum() and subject.isascii() else ""
        shape = _anonymise(path, subject) if label else path
        if shape not in self._known:
            self._known[shape] = self._match(shape)
        matched = self._known[shape]
        if matched is None:
            return None
        entities = {name: text.replace(_LABEL, label) for name, text in matched.items()}
        compared = {name: int(text) if name in self._indices else text for name, text in entities.items()}
        suffix, extension = str(compared.pop("suffix", "")), str(compared.pop("extension", ""))
        return _File(f"{self._root}/{path}", folder, entities, compared, suffix, extension)

    def _match(self, shape: str) -> Mapping[str, str] | None:
        inside = f"/{shape}"
        if _is_ignored(inside, self._ignored) or (self._is_bids and not self._is_bids(inside)):
            return None
        place = self._root + inside
        return {name: match[1] for name, regex in self._patterns if (match := regex.search(place))}


def _anonymise(path: str, subject: str) -> str:
    """The path with another label where its subject stands in it."""
    return path.replace(f"{subject}/", f"sub-{_LABEL}/").replace(f"/{subject}_", f"/sub-{_LABEL}_")


class _Dataset:
    """One dataset as pybids sees it. `terms` and `associations` are whole once `list_tags` has run to its end."""

    def __init__(self, layout: BIDSLayout, files: Files, validate: bool) -> None:
        named = {name: entity for config in layout.config.values() for name, entity in config.entities.items()}
        names = _Names(layout, list(named.values()), validate)
        self.files = [file for path in files if (file := names.read(path))]
        self.entities = {entity.name: entity._dtype for entity in named.values()}
        self.terms: set[str] = set()
        self.associations: set[tuple[str, str, str]] = set()
        self._root = layout.root
        self._stamps = files
        self._contents: dict[str, Metadata] = {}
        self._held: dict[tuple[str, str, str], list[_File]] = defaultdict(list)
        self._images: dict[tuple[str, str | None], list[_File]] = defaultdict(list)
        for file in natural_sort(self.files, "path"):
            self._held[file.folder, file.extension, file.suffix].append(file)
            if file.extension in _IMAGES:
                self._images[file.suffix, file.entities.get("subject")].append(file)

    def list_tags(self) -> Iterator[tuple[str, str, str, str, bool]]:
        """Every file's entities and the metadata that it inherits, as rows."""
        for file in self.files:
            for name, text in file.entities.items():
                yield file.path, name, text, self.entities[name], False
            for term, value in self._find_metadata(file).items():
                if value is not None and term not in file.entities:  # a null says nothing; a name is never overruled
                    self.terms.add(term)
                    yield file.path, term, *_encode(value), True

    def _find_metadata(self, file: _File) -> Metadata:
        """What the sidecars say of a data file; notes its associations on the way."""
        if not file.suffix or not file.extension or file.extension == ".json":
            return {}
        sidecars = self._list_applying(file, ".json")
        if not sidecars:
            return {}
        merged: dict[str, Any] = {}
        for sidecar in reversed(sidecars):
            merged |= self._read(sidecar)
        self._associate(sidecars[0].path, file.path, "Metadata", "Metadata")
        for chain in (sidecars, self._list_applying(file, file.extension)):
            for lower, upper in itertools.pairwise(chain):
                self._associate(lower.path, upper.path, "Child", "Parent")
        self._associate_targets(file, merged)
        return merged

    def _list_applying(self, file: _File, extension: str) -> list[_File]:
        """Files of the same suffix, in the file's folder and above, whose entities the file has; nearest first."""
        return [
            other
            for folder in _list_upwards(file.folder)
            for other in self._held.get((folder, extension, file.suffix), ())
            if other.belongs_to(file)
        ]

    def _associate_targets(self, file: _File, metadata: Metadata) -> None:
        """Link a file to the images it is intended for, and events, recordings and references to their runs."""
        intended = metadata.get("IntendedFor")
        for target in intended if isinstance(intended, list) else [intended]:
            if isinstance(target, str) and (place := self._resolve(target, file.entities.get("subject"))):
                self._associate(file.path, place, "IntendedFor", "InformedBy")
        for suffix in _LINKED_TO_RUNS.get(file.suffix, ()):
            for image in self._images[suffix, file.entities.get("subject")]:
                if file.belongs_to(image):
                    self._associate(file.path, image.path, "IntendedFor", "InformedBy")

    def _resolve(self, target: str, subject: str | None) -> str | None:
        """The place that `IntendedFor` names; None where pybids, too, follows no link: into another dataset."""
        if target.startswith("bids::"):
            return str(Path(self._root, target[6:]))
        if target.startswith("bids:") or subject is None:
            return None
        return str(Path(self._root, f"sub-{subject}", target))

    def _associate(self, source: str, target: str, kind: str, back: str) -> None:
        self.associations |= {(source, target, kind), (target, source, back)}

    def _read(self, sidecar: _File) -> Metadata:
        if sidecar.path not in self._contents:
            stamp = self._stamps[sidecar.path.removeprefix(f"{self._root}/")]
            self._contents[sidecar.path] = read_document(sidecar.path, stamp).content
        return self._contents[sidecar.path]


def _encode(value: Any) -> tuple[str, str]:
    """A value as pybids keeps it: its text, and the type to make it of again."""
    if isinstance(value, list | dict):
        return json.dumps(value), "json"
    return str(value), type(value).__name__
