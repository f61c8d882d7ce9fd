"""The files of a piece of work below `.cohortium/work`: its lock, its log, and private data that no row may hold.

Its private inputs are in a folder that only this user can open, and are removed when the work ends. A private result
(`keep`) stays in another such folder until the user puts it away.
"""

from __future__ import annotations

import pickle
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from registry.files import locks
from registry.store import Registry

_FOUND = ".found"


def room(registry: Registry) -> Path:
    """The folder of all these files; it is made where it does not exist."""
    path = registry.local / "work"
    path.mkdir(exist_ok=True)
    return path


def folder(registry: Registry, work_id: str) -> Path:
    """The folder of a piece of work's private inputs."""
    return room(registry) / work_id


def remove(registry: Registry, work_id: str) -> None:
    """Remove a piece of work's private inputs, where there are any."""
    shutil.rmtree(folder(registry, work_id), ignore_errors=True)


def list_held(registry: Registry) -> list[str]:
    """Ids of the work that has private inputs."""
    return sorted(path.name for path in room(registry).iterdir() if path.is_dir() and not path.suffix)


def lock_name(work_id: str) -> str:
    """Name of the lock that the process of a piece of work holds as long as it lives."""
    return f"work/{work_id}.alive"


def is_alive(registry: Registry, work_id: str) -> bool:
    """Whether the process of a piece of work still runs."""
    return locks.is_held(registry, lock_name(work_id))


def log(registry: Registry, work_id: str) -> Path:
    """Path of the file with everything that the process of a piece of work prints."""
    return room(registry) / f"{work_id}.log"


def close(registry: Registry, work_id: str) -> None:
    """Remove the lock of work that has ended, and its log where that is empty."""
    locks.remove(registry, lock_name(work_id))
    path = log(registry, work_id)
    with suppress(FileNotFoundError):  # another process that closes the same work may be quicker
        if not path.stat().st_size:
            path.unlink()


def keep(registry: Registry, work_id: str, found: Any) -> None:
    """Keep a piece of work's private result for the page that started it.

    Args:
        registry: the registry.
        work_id: id of the work.
        found: the result, any object that can be pickled; only this program reads it.
    """
    path = room(registry) / f"{work_id}{_FOUND}"
    path.mkdir(mode=0o700, exist_ok=True)
    fresh = path / "fresh"
    fresh.write_bytes(pickle.dumps(found))
    fresh.replace(path / "found")


def read_found(registry: Registry, work_id: str) -> Any:
    """A private result; None where it was put away, or was kept by another version of the program."""
    try:
        return pickle.loads((room(registry) / f"{work_id}{_FOUND}" / "found").read_bytes())
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, TypeError):
        return None


def forget_found(registry: Registry, work_id: str) -> None:
    """Remove a piece of work's private result."""
    shutil.rmtree(room(registry) / f"{work_id}{_FOUND}", ignore_errors=True)
