"""Locks between processes on one machine. A lock dies with its process, so nothing stale is left behind.

The git programs that a process starts inherit its locks (`list_inherited`): when the process is killed while git still
works, the next process waits for that git instead of working beside it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from registry.store import Registry

_HELD: ContextVar[tuple[int, ...]] = ContextVar("held", default=())


@contextmanager
def lock(registry: Registry, name: str) -> Iterator[None]:
    """Hold a lock of this registry; wait while another process holds it.

    Args:
        registry: the registry that owns the lock.
        name: `write` around everything that changes files and rows, `commit` around git, or a path below `.cohortium`.
    """
    with _take(_path(registry, name)) as stream:
        before = _HELD.set((*_HELD.get(), stream.fileno()))
        try:
            yield
        finally:
            _HELD.reset(before)
            fcntl.flock(stream, fcntl.LOCK_UN)  # the programs that inherited it let go too


@contextmanager
def lent(registry: Registry, name: str) -> Iterator[int]:
    """Take a lock for a child process, and give its descriptor (`pass_fds`): it is held until the child has ended.

    Where no child inherits the descriptor, the lock is free again after the block.
    """
    with _take(_path(registry, name)) as stream:
        yield stream.fileno()


def is_held(registry: Registry, name: str) -> bool:
    """Whether a process, this one included, holds the lock now."""
    try:
        with _path(registry, name).open("r+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def remove(registry: Registry, name: str) -> None:
    """Delete a lock's file; a process that waits for it starts over on a new one."""
    _path(registry, name).unlink(missing_ok=True)


def list_inherited() -> tuple[int, ...]:
    """File descriptors of this thread's locks, for a child process to keep open."""
    return _HELD.get()


def _path(registry: Registry, name: str) -> Path:
    return registry.local / f"{name}.lock"


def _take(path: Path) -> IO[str]:
    """Lock the file that lies at `path` when the lock is granted: an unlinked file protects nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stream = path.open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if _is_same(stream, path):
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()


def _is_same(stream: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False
