"""The data files that an import kept, found by their folder.

Every table looks for the files beside it, so no look-up may take longer when there are more files.
"""

from __future__ import annotations

from collections.abc import Iterator


class Kept:
    """Paths in the tree, each once."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, None]] = {}

    def add(self, path: str) -> None:
        """Add one data file."""
        self._folders.setdefault(path.rpartition("/")[0], {})[path] = None

    def __contains__(self, path: str) -> bool:
        return path in self._folders.get(path.rpartition("/")[0], {})

    def __iter__(self) -> Iterator[str]:
        return (path for paths in self._folders.values() for path in paths)

    def in_folder(self, folder: str) -> bool:
        """Whether one of the files lies directly in this folder."""
        return folder in self._folders
