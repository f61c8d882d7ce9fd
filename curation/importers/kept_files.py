"""The data files that an import kept, found by their folder, or by their name up to the extension.

Every table and sidecar looks for the files beside it, so no look-up may take longer when there are more files.
"""

from __future__ import annotations

from collections.abc import Iterator


class Kept:
    """Paths in the tree, each once."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, dict[str, None]]] = {}

    def add(self, path: str) -> None:
        """Add one data file."""
        folder, stem = _parts(path)
        self._folders.setdefault(folder, {}).setdefault(stem, {})[path] = None

    def __contains__(self, path: str) -> bool:
        folder, stem = _parts(path)
        return path in self._folders.get(folder, {}).get(stem, {})

    def __iter__(self) -> Iterator[str]:
        return (path for stems in self._folders.values() for paths in stems.values() for path in paths)

    def in_folder(self, folder: str) -> bool:
        """Whether one of the files lies directly in this folder."""
        return folder in self._folders

    def named_as(self, path: str) -> list[str]:
        """Files of the same folder and name, whatever their extension: the files that a sidecar describes."""
        folder, stem = _parts(path)
        return list(self._folders.get(folder, {}).get(stem, {}))


def _parts(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name.partition(".")[0]
