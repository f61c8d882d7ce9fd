"""Let rows follow files: find what differs between the disk and the database, and bring the rows up to date."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from registry.bids.walk import ABSENT, Found, walk
from registry.errors import InvalidInput
from registry.files.canonical import sha256_file
from registry.files.collector import pause_collector
from registry.index import facts, refresh
from registry.store import Registry
from registry.tables import File

_BATCH = 500
_KEY = re.compile(r"/SHA256E-s\d+--([0-9a-f]{64})[^/]*$")
_COLUMNS = (File.path, File.size, File.mtime_ns, File.sha256)


class _Known(NamedTuple):
    """The state of a file in its row. The row's facts can be large and are not loaded."""

    size: int
    mtime_ns: int
    sha256: str


def follow(registry: Registry, leave: Collection[str] = ()) -> list[str]:
    """Bring the rows up to date with the files, and return the paths whose rows changed. The caller holds `write`.

    Args:
        registry: its rows follow its files.
        leave: paths to leave out.

    Raises:
        InvalidInput: a file cannot be read.
    """
    fresh, gone, same = _compare(registry, leave)
    with registry.unit_of_work() as database:
        _restamp(database, same)
        if fresh or gone:
            refresh.apply(database, fresh, gone)
    return sorted([*(file.path for file in fresh), *gone], key=os.fsencode)


def scan(registry: Registry, leave: Collection[str] = ()) -> tuple[list[File], list[str]]:
    """The differences between disk and database: files changed or new, and paths that are gone.

    A file whose size and time are as recorded is taken as unchanged. Absent content (an annexed file not fetched)
    cannot be read and is left out; `list_moved` finds out whether it is of another version.
    """
    fresh, gone, _ = _compare(registry, leave)
    return fresh, gone


@pause_collector()
def list_moved(registry: Registry) -> list[Found]:
    """Files whose size, time, or annex key differ from their row's; of an absent file the key alone is compared."""
    known = _read_known(registry)
    return [item for item in walk(registry.root) if _differs(registry.root, item, known.get(item.path))]


def require_untouched(registry: Registry, paths: Sequence[str]) -> None:
    """Refuse to write over files that somebody changed without the registry.

    Raises:
        InvalidInput: names the first of these files whose content is not what its row says.
    """
    for start in range(0, len(paths), _BATCH):
        for path, known in _read_known(registry, col(File.path).in_(paths[start : start + _BATCH])).items():
            file = registry.root / path
            if _has_other_stamp(file, known) and sha256_file(file) != known.sha256:
                raise InvalidInput(f"{path} was changed outside the registry.", "See what to do with: cohortium doctor")


def annexed_as(path: Path) -> str | None:
    """The SHA-256 that the annex key of a file names; None for a file that is not annexed."""
    match = _KEY.search(os.readlink(path)) if path.is_symlink() else None
    return match[1] if match else None


@pause_collector()
def _compare(registry: Registry, leave: Collection[str]) -> tuple[list[File], list[str], list[File]]:
    """Files with other content, paths that are gone, and files with another stamp but the same content."""
    root, known = registry.root, _read_known(registry)
    here = {item.path: item for item in walk(root)}
    paths = [
        path
        for path, item in here.items()
        if item.size != ABSENT and path not in leave and _differs(root, item, known.get(path))
    ]
    fresh: list[File] = []
    same: list[File] = []
    for file in facts.read_all(root, paths):
        held = known.get(file.path)
        (same if held and held.sha256 == file.sha256 else fresh).append(file)
    return fresh, sorted(known.keys() - here.keys() - set(leave)), same


def _read_known(registry: Registry, *wanted: ColumnElement[bool]) -> dict[str, _Known]:
    with registry.reading() as database:
        return {path: _Known(*state) for path, *state in database.execute(select(*_COLUMNS).where(*wanted))}


def _restamp(database: Session, files: Iterable[File]) -> None:
    """Record the new stamp of files that were fetched or written again as they were: the next scan skips them."""
    for file in files:
        statement = update(File).where(col(File.path) == file.path)
        database.execute(statement.values(size=file.size, mtime_ns=file.mtime_ns))


def _has_other_stamp(path: Path, known: _Known) -> bool:
    if not path.exists():
        return False  # deleted, or its content is elsewhere
    state = path.stat()
    return (state.st_size, state.st_mtime_ns) != (known.size, known.mtime_ns)


def _differs(root: Path, here: Found, known: _Known | None) -> bool:
    if known is None:
        return True
    if here.size != ABSENT:
        return (here.size, here.mtime_ns) != (known.size, known.mtime_ns)
    return annexed_as(root / here.path) != known.sha256
