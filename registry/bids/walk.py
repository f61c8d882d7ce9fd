"""The registry's one walker: which files a tree holds, with size and time; what cannot be taken is set aside."""

from __future__ import annotations

import operator
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from registry.bids.portable_names import folded
from registry.errors import InvalidInput
from registry.vocabulary.findings import Finding, Severity

ABSENT = -1
"""Size and time of a file whose content is not here: a link that leads nowhere, as annexed files are in a clone."""

RACY_NS = 2_000_000_000
"""A time this close to the look that read it proves nothing: file systems count in steps of up to two seconds."""

CODE = "code/registry/"

Stamp = tuple[int, int]
"""Size and time of a file."""


class Found(NamedTuple):
    """One file: its path relative to the root (POSIX), its size and time, both `ABSENT` where no content is here."""

    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as it was listed.

    Attributes:
        path: relative to the root, empty or ending in a slash.
        mtime_ns: the folder's own time; `ABSENT` where it proves nothing and the folder has to be listed again.
        files: name to stamp, in the order of the disk.
        folders: paths of the folders inside that belong to the tree, sorted.
        findings: what could not be taken.
    """

    path: str
    mtime_ns: int
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
    Hidden files are passed over; links to folders are never followed.

    Raises:
        InvalidInput: the first, by path, that cannot be taken: a link to a folder or to itself, a name that cannot be
            printed, a folder that cannot be read.
    """
    tree = list_tree(root)
    wrong = next((item for item in tree.findings() if item.severity is Severity.ERROR), None)
    if wrong:
        raise InvalidInput(f"{wrong.path} {wrong.message}.", "Rename, replace or remove it.")
    return sorted(tree.files())


def list_tree(
    root: str | os.PathLike[str], before: Tree | None = None, belongs: Callable[[str], bool] | None = None
) -> Tree:
    """List a tree; with `before`, folders whose time stands are not listed again, only their files are looked at.

    The very same tree where nothing changed.

    Args:
        root: the tree's folder.
        before: the tree as it was listed by the same rule.
        belongs: which folders at the root are taken, by name; `sub-*` and `derivatives` where nothing is said.
    """
    belongs = belongs or _belongs
    base = os.fspath(root).rstrip("/") + "/"
    known = _standing(before) if before and before.root == base else {}
    if before and known and all(map(operator.is_, known.values(), before.folders.values())):
        return before
    folders: dict[str, Folder] = {}
    waiting = [CODE, ""] if os.path.isdir(base + CODE) else [""]
    while waiting:
        path = waiting.pop()
        folder = known.get(path) or _list(base + path, path, belongs)
        folders[path] = folder
        waiting.extend(reversed(folder.folders))
    return Tree(base, folders)


def _standing(before: Tree) -> dict[str, Folder | None]:
    """Each folder as it is now if its listing stands, else None."""
    try:
        root = os.open(before.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return {}
    try:
        return {path: _again(before.root, root, held) for path, held in before.folders.items()}
    finally:
        os.close(root)


def _again(base: str, root: int, held: Folder) -> Folder | None:
    """The folder if its listing stands, with its files' present stamps; None where it must be listed.

    `root` is `base` opened: paths from there are shorter, a sixth of the time, for this looks at every file of a tree.
    """
    look, path = os.stat, held.path
    try:
        if held.mtime_ns == ABSENT or look(path or ".", dir_fd=root).st_mtime_ns != held.mtime_ns:
            return None
        for name, (size, mtime_ns) in held.files.items():
            if size == ABSENT:
                return _restamped(base + path, held)
            state = look(path + name, dir_fd=root)
            if state.st_mtime_ns != mtime_ns or state.st_size != size:
                return _restamped(base + path, held)
    except OSError:
        return None
    return held


def _restamped(place: str, held: Folder) -> Folder:
    """The folder with its files' present stamps, itself where they are what they were.

    Raises:
        OSError: a file is gone, or is no file any more.
    """
    files = {name: _stamp(place + name) for name in held.files}
    return held if files == held.files else replace(held, files=files)


def _list(place: str, path: str, belongs: Callable[[str], bool]) -> Folder:
    started = time.time_ns()
    listing = _Listing(path, belongs, {}, [], [])
    try:
        mtime_ns = os.stat(place).st_mtime_ns
        with os.scandir(place) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_file(follow_symlinks=False) and name[0] != "." and name.isprintable():
                    state = entry.stat(follow_symlinks=False)
                    listing.files[name] = (state.st_size, state.st_mtime_ns)
                elif name[0] != ".":
                    listing.take(entry)
    except OSError as error:
        listing.refuse("folder-unreadable", "", f"cannot be listed ({error.strerror})")
        mtime_ns = ABSENT
    listing.note_collisions()
    proven = mtime_ns < started - RACY_NS and not listing.findings
    return Folder(
        path, mtime_ns if proven else ABSENT, listing.files, tuple(sorted(listing.folders)), tuple(listing.findings)
    )


@dataclass(slots=True)
class _Listing:
    """One folder while it is being listed."""

    path: str
    belongs: Callable[[str], bool]
    files: dict[str, Stamp]
    folders: list[str]
    findings: list[Finding]

    def take(self, entry: os.DirEntry[str]) -> None:
        """A folder, a link, or whatever else is no plain file."""
        name = entry.name
        if not name.isprintable():  # also undecodable bytes, which Python keeps as surrogates
            self.refuse("name-unprintable", name, "holds characters that cannot be printed")
        elif entry.is_dir(follow_symlinks=False):
            if self.path or self.belongs(name):
                self.folders.append(f"{self.path}{name}/")
        elif self.path or self.belongs(name) or not os.path.isdir(entry.path):
            self.take_link(entry)

    def take_link(self, entry: os.DirEntry[str]) -> None:
        """A link, or something that is neither file nor folder."""
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
            if (other := first.setdefault(folded(name), name)) != name:
                self.refuse("names-collide", name, f"and {other} differ only by case or accents", Severity.WARNING)


def _stamp(place: str) -> Stamp:
    """Size and time of what lies, or what a link leads to, at a place.

    Raises:
        IsADirectoryError: a folder.
        OSError: a loop of links, a pipe or a device, or nothing at all.
    """
    try:
        state = os.stat(place)
    except FileNotFoundError:
        os.lstat(place)
        return ABSENT, ABSENT
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(place)
    if not stat.S_ISREG(state.st_mode):
        raise OSError(0, "a pipe, a socket or a device")
    return state.st_size, state.st_mtime_ns


def _belongs(name: str) -> bool:
    return name.startswith("sub-") or name == "derivatives"
