"""The one walker: it lists the files of a tree with size and time, and sets aside what cannot be taken.

Start at `walk` (the files that the registry indexes); `list_all` names every path below a folder, for deliveries and
staged changes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from registry.bids.portable_names import fold
from registry.errors import InvalidInput
from registry.vocabulary.findings import Finding, Severity

ABSENT = -1
"""Size and time of a file without content on this machine: a link that leads nowhere, as annexed files in a clone."""

RACY_NS = 2_000_000_000
"""A time this close to the time of the reading proves nothing: file systems count in steps of up to two seconds."""

CODE = "code/registry/"

Stamp = tuple[int, int]
"""Size and time of a file."""


class Found(NamedTuple):
    """One file: its path relative to the root (POSIX), its size and time, both `ABSENT` without content here."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class Tree:
    """The files of a tree.

    Attributes:
        belongs: whether a folder at the root is taken, by its name.
        files: folder by folder, parents first; in the order of the disk inside a folder.
        findings: what could not be taken.
    """

    belongs: Callable[[str], bool]
    files: list[Found] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def list_folder(self, base: str, folder: str) -> list[str]:
        """Add the files of a folder, whose path is empty or ends in a slash, and return the folders inside, sorted."""
        folders: list[str] = []
        first = len(self.files)
        try:
            with os.scandir(base + folder) as entries:
                for entry in entries:
                    name = entry.name
                    if entry.is_file(follow_symlinks=False) and name[0] != "." and name.isprintable():
                        state = entry.stat(follow_symlinks=False)
                        self.files.append(Found(folder + name, state.st_size, state.st_mtime_ns))
                    elif name[0] != "." and self._take(entry, folder):
                        folders.append(f"{folder}{name}/")
        except OSError as error:
            self._refuse("folder-unreadable", folder, f"cannot be listed ({error.strerror})")
        self._note_collisions(folder, self.files[first:])
        return sorted(folders)

    def _take(self, entry: os.DirEntry[str], folder: str) -> bool:
        """Add an entry that is no plain file, such as a link; True where it is a folder that belongs to the tree."""
        path = folder + entry.name
        belongs = bool(folder) or self.belongs(entry.name)
        if not entry.name.isprintable():  # also undecodable bytes, which Python keeps as surrogates
            self._refuse("name-unprintable", path, "holds characters that cannot be printed")
        elif entry.is_dir(follow_symlinks=False):
            return belongs
        elif belongs or not os.path.isdir(entry.path):
            try:
                self.files.append(Found(path, *_stamp(entry.path)))
            except IsADirectoryError:
                self._refuse("link-to-folder", path, "is a link to a folder")
            except OSError as error:
                self._refuse("not-a-file", path, f"is no readable file ({error.strerror})")
        return False

    def _refuse(self, code: str, path: str, message: str, severity: Severity = Severity.ERROR) -> None:
        shown = path if path.isprintable() else ascii(path)[1:-1]
        self.findings.append(Finding(code, severity, shown or ".", message))

    def _note_collisions(self, folder: str, files: Sequence[Found]) -> None:
        if len(files) < 2:
            return
        names = [file.path[len(folder) :] for file in files]
        text = "/".join(names)
        if text.isascii() and len({*text.lower().split("/")}) == len(names):
            return
        first: dict[str, str] = {}
        for name in sorted(names):
            if (other := first.setdefault(fold(name), name)) != name:
                message = f"and {other} differ only by case or accents"
                self._refuse("names-collide", folder + name, message, Severity.WARNING)


def walk(root: str | os.PathLike[str]) -> list[Found]:
    """Files that the registry indexes, sorted by the bytes of their paths.

    That is: files beside `dataset_description.json`, and everything below `sub-*`, `derivatives` and `code/registry`.
    Hidden files are left out; links to folders are never followed.

    Raises:
        InvalidInput: names the first, by path, that cannot be taken: a link to a folder or to itself, a name that is
            not printable, a folder that cannot be read.
    """
    tree = list_tree(root)
    wrong = next((item for item in tree.findings if item.severity is Severity.ERROR), None)
    if wrong:
        raise InvalidInput(f"{wrong.path} {wrong.message}.", "Rename, replace or remove it.")
    return sorted(tree.files)


def list_all(root: str | os.PathLike[str], closed: Collection[str] = ()) -> Iterator[str]:
    """Every path below any folder, hidden ones too, as a delivery or a staged change holds them.

    Folder by folder, sorted by bytes. Links to folders are named and never followed; a pipe or a device is named as
    well: the caller decides what it opens.

    Args:
        root: the folder.
        closed: names that are left out wherever they stand, with everything below them.
    """
    base = os.fspath(root)
    for folder, folders, names in os.walk(base):
        inside = folder[len(base) :].strip("/")
        above = f"{inside}/" if inside else ""
        links = {name for name in folders if os.path.islink(f"{folder}/{name}")}
        folders[:] = sorted({*folders} - links - {*closed}, key=os.fsencode)
        yield from (above + name for name in sorted({*names, *links} - {*closed}, key=os.fsencode))


def list_tree(root: str | os.PathLike[str], belongs: Callable[[str], bool] | None = None) -> Tree:
    """List a tree folder by folder; the findings are sorted by path.

    Args:
        root: the tree's folder.
        belongs: whether a folder at the root is taken, by its name; by default `sub-*` and `derivatives` are.
    """
    base = os.fspath(root).rstrip("/") + "/"
    tree = Tree(belongs or _belongs)
    waiting = [CODE, ""] if os.path.isdir(base + CODE) else [""]
    while waiting:
        waiting += reversed(tree.list_folder(base, waiting.pop()))
    tree.findings.sort(key=lambda item: item.path)
    return tree


def _stamp(path: str) -> Stamp:
    """Size and time of the file at a path, links followed; `ABSENT` where a link leads nowhere.

    Raises:
        IsADirectoryError: a folder.
        OSError: a loop of links, a pipe or a device, or nothing at all.
    """
    try:
        state = os.stat(path)
    except FileNotFoundError:
        os.lstat(path)  # raises where not even a link is there
        return ABSENT, ABSENT
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(path)
    if not stat.S_ISREG(state.st_mode):
        raise OSError(0, "a pipe, a socket or a device")
    return state.st_size, state.st_mtime_ns


def _belongs(name: str) -> bool:
    return name.startswith("sub-") or name == "derivatives"
