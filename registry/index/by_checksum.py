"""Which file has a checksum: what the app's volume route asks. Only files that the registry knows are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlmodel import col, select

from registry.store import Registry
from registry.tables import File

SUFFIX = ".nii.gz"


def resolver(registry: Registry) -> Callable[[str], Path | None]:
    """A function from SHA-256 to the volume with that content, or None.

    Links that lead out of the registry are not followed; a link to annexed content that is not on this machine is
    returned as it is, and is no file.
    """
    root = registry.root.resolve()

    def resolve(sha256: str) -> Path | None:
        for path in _paths(registry, sha256):
            place = root / path
            if place.resolve().is_relative_to(root):
                return place
        return None

    return resolve


def _paths(registry: Registry, sha256: str) -> list[str]:
    wanted = select(File.path).where(File.sha256 == sha256, col(File.path).endswith(SUFFIX)).order_by(col(File.path))
    with registry.reading() as database:
        return list(database.exec(wanted))
