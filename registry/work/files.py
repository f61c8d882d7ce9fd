"""What a piece of work has on the disk, below `.cohortium/work`: its lock, its log, and what no row may hold.

What is handed over to it lies in a folder that only this user can open, and is removed when the work ends. What a look
found (`keep`) stays in another such folder until it is put away.
"""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path
from typing import Any

from registry.files import locks
from registry.store import Registry

_FOUND = ".found"


def room(registry: Registry) -> Path:
    """Where all of it lies; made when it is not there."""
    place = registry.local / "work"
    place.mkdir(exist_ok=True)
    return place


def folder(registry: Registry, work_id: str) -> Path:
    """What was handed over to a piece of work."""
    return room(registry) / work_id


def remove(registry: Registry, work_id: str) -> None:
    """Forget what was handed over; nothing where it is gone already."""
    shutil.rmtree(folder(registry, work_id), ignore_errors=True)


def list_held(registry: Registry) -> list[str]:
    """Ids of the work for which something is handed over."""
    return sorted(place.name for place in room(registry).iterdir() if place.is_dir() and not place.suffix)


def lock_name(work_id: str) -> str:
    """The lock that the process of a piece of work holds for as long as it lives."""
    return f"work/{work_id}.alive"


def is_alive(registry: Registry, work_id: str) -> bool:
    """Whether the process of a piece of work still runs."""
    return locks.is_held(registry, lock_name(work_id))


def log(registry: Registry, work_id: str) -> Path:
    """What the process of a piece of work prints."""
    return room(registry) / f"{work_id}.log"


def close(registry: Registry, work_id: str) -> None:
    """Remove the lock of work that has ended, and its log unless that says something."""
    locks.remove(registry, lock_name(work_id))
    place = log(registry, work_id)
    if place.is_file() and not place.stat().st_size:
        place.unlink(missing_ok=True)


def keep(registry: Registry, work_id: str, found: Any) -> None:
    """Keep what a look found, for the page that asked; it is an object of our own, read by the same program only."""
    place = room(registry) / f"{work_id}{_FOUND}"
    place.mkdir(mode=0o700, exist_ok=True)
    fresh = place / "fresh"
    fresh.write_bytes(pickle.dumps(found))
    fresh.replace(place / "found")


def read_found(registry: Registry, work_id: str) -> Any:
    """What a look found; None where that was put away, or is of an earlier version of the program."""
    try:
        return pickle.loads((room(registry) / f"{work_id}{_FOUND}" / "found").read_bytes())
    except (OSError, EOFError, pickle.UnpicklingError, AttributeError, ImportError, TypeError):
        return None


def forget_found(registry: Registry, work_id: str) -> None:
    """Remove what a look found."""
    shutil.rmtree(room(registry) / f"{work_id}{_FOUND}", ignore_errors=True)
