"""Write a pybids database from our own walk of the tree, so that `bids.BIDSLayout` opens at once and need not index.

pybids makes the empty database (tables, entities, one database a derivative) and answers every question. Only the rows
are ours (`layout_rows`), equal to those of pybids' own indexer. Start at `open_layout`. This module alone uses the
library `bids`.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import bids
from bids.exceptions import BIDSValidationError
from bids.layout import BIDSLayout, BIDSLayoutIndexer
from bids.layout.db import get_database_file
from bids.layout.models import BIDSFile, Entity, FileAssociation, Tag
from bids.layout.validation import DEFAULT_LOCATIONS_TO_IGNORE, validate_indexing_args
from bids.utils import natural_sort

from registry.bids.pybids.files import DERIVATIVES, Files, list_files, select
from registry.bids.pybids.rows import Dataset, PathRules, row
from registry.bids.walk import RACY_NS
from registry.errors import InvalidInput, StorageError

VERSION = 1
"""Version of the rows written here; a database of another one is written anew."""

STAMP = "cohortium.json"
"""A file beside a database; it says which tree the database was made from."""

CACHE = ".cohortium/layouts"
WHOLE = "whole"
"""Name of the database of all files in a registry's cache."""


def open_layout(
    root: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    paths: Iterable[str] | None = None,
    validate: bool = True,
) -> BIDSLayout:
    """Open the layout that `BIDSLayout(root, derivatives=True, validate=validate)` gives, without its indexing.

    Args:
        root: a BIDS dataset; its derivatives are in the layout too.
        folder: where the database lies; it is written where it is missing or the tree has changed. Without a
            folder the database of all files lies in the registry's cache, any other in memory.
        paths: limits the layout to these files and to the sidecars and tables that describe them.
        validate: leaves out what is no valid BIDS name, in the raw dataset. Derivatives are taken whole, as pybids
            takes them.

    Raises:
        InvalidInput: the root, or one of its derivatives, is no dataset for pybids.
        StorageError: the database cannot be written.
    """
    base = Path(root).absolute()
    files = list_files(base, DEFAULT_LOCATIONS_TO_IGNORE)
    if paths is not None:
        files = select(files, set(paths))
    elif folder is None and (base / CACHE).parent.is_dir():
        folder = base / CACHE / WHOLE
    with _layout_errors(base):
        if folder is None:
            layout = _make_empty(base, files, validate)
            for _, dataset in _list_datasets(layout, Path()):
                _fill(_connection(dataset), dataset, layout.root, files, validate and dataset is layout)
            return layout
        path = Path(folder).absolute()
        stamp = _stamp(base, files, validate)
        if not _is_current(path, stamp):
            _write(_make_empty(base, files, validate), path, files, validate)
            if not _is_fresh(files):
                (path / STAMP).write_text(json.dumps(stamp))
        return BIDSLayout(base, database_path=path, validate=validate)


@contextmanager
def _layout_errors(base: Path) -> Iterator[None]:
    """Turn errors of pybids and of the disk into ours, with one sentence."""
    try:
        yield
    except BIDSValidationError as error:
        line = str(error).splitlines()[0].rstrip(".")
        raise InvalidInput(f"pybids refuses {base}: {line}.", "Correct dataset_description.json.") from error
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"The layout cannot be written: {error}.", "Name another folder with --to.") from error


def _stamp(base: Path, files: Files, validate: bool) -> dict[str, Any]:
    tree = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
    return {"version": VERSION, "pybids": bids.__version__, "root": str(base), "validate": validate, "tree": tree}


def _is_current(path: Path, stamp: Mapping[str, Any]) -> bool:
    try:
        return bool(json.loads((path / STAMP).read_text()) == stamp)
    except (OSError, ValueError):
        return False


def _is_fresh(files: Files) -> bool:
    """Whether a file was written so lately that another change might leave its time as it is."""
    return max((mtime_ns for _, mtime_ns in files.values()), default=0) > time.time_ns() - RACY_NS


def _make_empty(base: Path, files: Files, validate: bool) -> BIDSLayout:
    """A layout in memory that knows its derivatives and no file."""
    with_derivatives = any(
        path.startswith(DERIVATIVES) and path.endswith("/dataset_description.json") and path.count("/") <= 2
        for path in files
    )
    return BIDSLayout(base, derivatives=with_derivatives, validate=validate, indexer=lambda layout: None)


def _list_datasets(layout: BIDSLayout, folder: Path) -> Iterator[tuple[Path, BIDSLayout]]:
    """The raw dataset and each derivative, with the folder in which pybids looks for its database."""
    yield folder, layout
    yield from ((folder / name, derivative) for name, derivative in layout.derivatives.items())


def _write(layout: BIDSLayout, path: Path, files: Files, validate: bool) -> None:
    """Write each dataset's database beside the old one and put it in its place; who reads the old one can go on."""
    (path / STAMP).unlink(missing_ok=True)
    for folder, dataset in _list_datasets(layout, path):
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
    inner = {path.removeprefix(prefix): stamp for path, stamp in files.items() if path.startswith(prefix)}
    own = [path for path in inner if not path.startswith(DERIVATIVES) or path.count("/") == 1]
    rules = _read_rules(layout, validate)
    dataset = Dataset(rules, {path: inner[path] for path in natural_sort(own)})
    _insert(connection, BIDSFile, ("path", "filename", "dirname", "is_dir", "class_"), map(row, dataset.files))
    _insert(connection, Tag, ("file_path", "entity_name", "_value", "_dtype", "is_metadata"), dataset.list_tags())
    terms = ((term, False, "str") for term in sorted(dataset.terms - rules.types.keys()))
    _insert(connection, Entity, ("name", "mandatory", "_dtype"), terms)
    _insert(connection, FileAssociation, ("src", "dst", "kind"), sorted(dataset.associations))
    connection.commit()
    layout.session.expire_all()


def _read_rules(layout: BIDSLayout, validate: bool) -> PathRules:
    entities = {name: entity for config in layout.config.values() for name, entity in config.entities.items()}
    return PathRules(
        root=layout.root,
        patterns={name: entity.regex for name, entity in entities.items() if entity.regex},
        types={name: entity._dtype for name, entity in entities.items()},
        ignored=validate_indexing_args(None, None, Path(layout.root))[0],
        is_bids=BIDSLayoutIndexer(validate=True).validator.is_bids if validate else None,
    )


def _insert(
    connection: sqlite3.Connection, model: Any, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) VALUES ({marks})", rows)
