"""The one walker: it lists the files of a tree with size and time, and sets aside what cannot be taken.

Start at `walk` (the files that the registry indexes); `list_all` names every path below a folder, for deliveries and
staged changes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder with its content.

    Attributes:
        path: relative to the root, empty or ending in a slash.
        files: name to stamp, in the order of the disk.
        folders: paths of the folders inside that belong to the tree, sorted.
        findings: what could not be taken.
    """

    path: str
    files: dict[str, Stamp]
    folders: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Tree:
    """Every folder of a tree by its path, parents before children."""

    root: str
    folders: Mapping[str, Folder]

    def files(self) -> Iterator[Found]:
        """Every file, folder by folder."""
        for folder in self.folders.values():
            for name, (size, mtime_ns) in folder.files.items():
                yield Found(folder.path + name, size, mtime_ns)

    def findings(self) -> list[Finding]:
        """What could not be taken, by path."""
        return sorted((item for folder in self.folders.values() for item in folder.findings), key=lambda f: f.path)


def walk(root: str | os.PathLike[str]) -> list[Found]:
    """Files that the registry indexes, sorted by the bytes of their paths.

    That is: files beside `dataset_description.json`, and everything below `sub-*`, `derivatives` and `code/registry`.
    Hidden files are left out; links to folders are never followed.

    Raises:
        InvalidInput: names the first, by path, that cannot be taken: a link to a folder or to itself, a name that is
            not printable, a folder that cannot be read.
    """
    tree = list_tree(root)
    wrong = next((item for item in tree.findings() if item.severity is Severity.ERROR), None)
    if wrong:
        raise InvalidInput(f"{wrong.path} {wrong.message}.", "Rename, replace or remove it.")
    return sorted(tree.files())


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
    """List a tree folder by folder.

    Args:
        root: the tree's folder.
        belongs: whether a folder at the root is taken, by its name; by default `sub-*` and `derivatives` are.
    """
    belongs = belongs or _belongs
    base = os.fspath(root).rstrip("/") + "/"
    folders: dict[str, Folder] = {}
    waiting = [CODE, ""] if os.path.isdir(base + CODE) else [""]
    while waiting:
        path = waiting.pop()
        folders[path] = _list(base + path, path, belongs)
        waiting.extend(reversed(folders[path].folders))
    return Tree(base, folders)


def _list(absolute: str, path: str, belongs: Callable[[str], bool]) -> Folder:
    """List one folder: `path` is relative to the root and `absolute` the same folder on the disk."""
    listing = _Listing(path, belongs, {}, [], [])
    try:
        with os.scandir(absolute) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_file(follow_symlinks=False) and name[0] != "." and name.isprintable():
                    state = entry.stat(follow_symlinks=False)
                    listing.files[name] = (state.st_size, state.st_mtime_ns)
                elif name[0] != ".":
                    listing.take(entry)
    except OSError as error:
        listing.refuse("folder-unreadable", "", f"cannot be listed ({error.strerror})")
    listing.note_collisions()
    return Folder(path, listing.files, tuple(sorted(listing.folders)), tuple(listing.findings))


@dataclass(slots=True)
class _Listing:
    """One folder while it is being listed."""

    path: str
    belongs: Callable[[str], bool]
    files: dict[str, Stamp]
    folders: list[str]
    findings: list[Finding]

    def take(self, entry: os.DirEntry[str]) -> None:
        """Add an entry that is no plain file: a folder, a link, or another thing."""
        name = entry.name
        if not name.isprintable():  # also undecodable bytes, which Python keeps as surrogates
            self.refuse("name-unprintable", name, "holds characters that cannot be printed")
        elif entry.is_dir(follow_symlinks=False):
            if self.path or self.belongs(name):
                self.folders.append(f"{self.path}{name}/")
        elif self.path or self.belongs(name) or not os.path.isdir(entry.path):
            self.take_link(entry)

    def take_link(self, entry: os.DirEntry[str]) -> None:
        """Add a link, or refuse what is neither file nor folder."""
        try:
            self.files[entry.name] = _stamp(entry.path)
        except IsADirectoryError:
            self.refuse("link-to-folder", entry.name, "is a link to a folder")
        except OSError as error:
            self.refuse("not-a-file", entry.name, f"is no readable file ({error.strerror})")

    def refuse(self, code: str, name: str, message: str, severity: Severity = Severity.ERROR) -> None:
        path = self.path + name
        shown = path if path.isprintable() else ascii(path)[1:-1]
        self.findings.append(Finding(code, severity, shown or ".", message))

    def note_collisions(self) -> None:
        names = "/".join(self.files)
        if names.isascii() and (len(self.files) < 2 or len(set(names.lower().split("/"))) == len(self.files)):
            return
        first: dict[str, str] = {}
        for name in sorted(self.files):
            if (other := first.setdefault(fold(name), name)) != name:
                self.refuse("names-collide", name, f"and {other} differ only by case or accents", Severity.WARNING)


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
