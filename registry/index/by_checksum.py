"""Find the volume with a checksum, for the app's volume route. Only files that the registry knows are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlmodel import col, select

from registry.store import Registry
from registry.tables import File

SUFFIX = ".nii.gz"


def resolver(registry: Registry) -> Callable[[str], Path | None]:
    """A function from a SHA-256 to the path of the volume with that content, or to None.

    Links that lead out of the registry are not followed; a link to annexed content that is not on this machine is
    returned as it is, and is no file.
    """
    root = registry.root.resolve()

    def resolve(sha256: str) -> Path | None:
        wanted = select(File.path).where(File.sha256 == sha256, col(File.path).endswith(SUFFIX))
        with registry.reading() as database:
            paths = [root / path for path in database.exec(wanted.order_by(col(File.path)))]
        return next((path for path in paths if path.resolve().is_relative_to(root)), None)

    return resolve
