"""Refuse what a staged tree must not hold: links, and names that another machine cannot keep."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from registry.errors import InvalidInput


def require_portable(tree: Path, paths: Iterable[str], root: Path) -> None:
    """Refuse links, hidden folders, unprintable names, and names that differ only by case or accent form.

    Args:
        tree: the staged files.
        paths: their paths in it.
        root: the registry they will join.

    Raises:
        InvalidInput: names the first path that cannot be taken, and the path that it collides with.
    """
    siblings: dict[str, dict[str, str]] = {}
    for path in paths:
        if not path.isprintable():  # also undecodable bytes, which Python keeps as surrogates
            raise InvalidInput(f"{path!a} holds characters that cannot be printed.", "Rename the file.")
        if any(folder.startswith(".") for folder in path.split("/")[:-1]):
            raise InvalidInput(f"{path} lies in a hidden folder, which is no part of a dataset.", "Rename the folder.")
        if (tree / path).is_symlink():
            raise InvalidInput(
                f"{path} is a link, so its bytes are not part of the delivery.", "Deliver the file itself."
            )
        _require_unique(path, root, siblings)


def _require_unique(path: str, root: Path, siblings: dict[str, dict[str, str]]) -> None:
    folder = ""
    for name in path.split("/"):
        if folder not in siblings:
            here = root / folder
            siblings[folder] = {fold(other): other for other in (os.listdir(here) if here.is_dir() else ())}
        other = siblings[folder].setdefault(fold(name), name)
        if other != name:
            raise InvalidInput(
                f"{path} and {folder}{other} differ only by case or accents.",
                "Many file systems cannot hold both: rename one.",
            )
        folder = f"{folder}{name}/"


def fold(name: str) -> str:
    """The form of a name that file systems compare which ignore case and accent forms (macOS, Windows)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
