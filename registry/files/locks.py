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
    """Hold a lock of this registry; waits for whoever holds it now.

    Args:
        registry: whose lock.
        name: `write` around everything that changes files and rows, `commit` around git, or a path below `.cohortium`.
    """
    with _take(_place(registry, name)) as stream:
        before = _HELD.set((*_HELD.get(), stream.fileno()))
        try:
            yield
        finally:
            _HELD.reset(before)
            fcntl.flock(stream, fcntl.LOCK_UN)  # also for programs that inherited it


@contextmanager
def lent(registry: Registry, name: str) -> Iterator[int]:
    """Take a lock for a child process: it is held until the child that was given the descriptor (`pass_fds`) has ended.

    Where no child was given it, it is free again after the block.
    """
    with _take(_place(registry, name)) as stream:
        yield stream.fileno()


def is_held(registry: Registry, name: str) -> bool:
    """Whether a process, this one included, holds the lock now."""
    try:
        with _place(registry, name).open("r+") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def remove(registry: Registry, name: str) -> None:
    """Delete a lock's file; who waits for it starts over on a new one."""
    _place(registry, name).unlink(missing_ok=True)


def list_inherited() -> tuple[int, ...]:
    """File descriptors of this thread's locks, for a child process to keep open."""
    return _HELD.get()


def _place(registry: Registry, name: str) -> Path:
    return registry.local / f"{name}.lock"


def _take(place: Path) -> IO[str]:
    """Lock the file that lies at `place` when the lock is given: an unlinked file protects nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stream = place.open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if _same(stream, place):
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()


def _same(stream: IO[str], place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), place.stat())
    except FileNotFoundError:
        return False
