"""Files that are written whole or not at all: a reader, or a kill, never meets half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, *, once: bool = False) -> Iterator[Path]:
    """Give a temporary path in the same folder; the file written there replaces `path` when the block ends well.

    The bytes are on the disk before the name is, so that a crash leaves the old file or the new one. Each of several
    writers of one path has a temporary file of its own; the last to end stays.

    Args:
        path: the file; folders above it are made.
        once: keep a file that lies at `path` already and drop the new one: the first writer has chosen.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        is_link = temporary.is_symlink()
        if not is_link:
            _sync(temporary)
        if once:
            with suppress(FileExistsError):
                os.link(temporary, path)
        else:
            os.replace(temporary, path)
        if not is_link:  # links are made from a manifest and can be made again
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write(path: Path, data: bytes, *, once: bool = False, mode: int = 0o666) -> Path:
    """Put bytes at a path in one step and return the path.

    Args:
        path: the file; folders above it are made.
        data: its content.
        once: as for `replacing`.
        mode: permissions of the new file, less the process's umask.
    """
    with replacing(path, once=once) as temporary, open(_create(temporary, mode), "wb") as stream:
        stream.write(data)
    return path


def _create(path: Path, mode: int) -> int:
    """Open a new file, never one that is there already."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)


def _sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
