"""The files of a snapshot as they were frozen: compare them, or lay them out for a reader, whatever came later."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from registry.errors import IntegrityError
from registry.files import atomic
from registry.files.canonical import sha256_file
from registry.files.progress import Progress
from registry.manifests import Manifest
from registry.snapshots import content
from registry.snapshots.content import Contents
from registry.store import Registry

_FETCH = "Fetch it with: cohortium snapshot verify ID --fetch"


@dataclass(frozen=True)
class Verification:
    """What `verify` found: paths that are gone and paths whose bytes differ, each sorted.

    Attributes:
        earlier: paths that hold a newer revision now; the frozen one is kept in the history and is whole.
    """

    n_files: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    earlier: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """The frozen bytes of every file are there."""
        return not self.missing and not self.changed


def verify(
    manifest: Manifest, where: Registry | Path, progress: Progress | None = None, *, fetch: bool = False
) -> Verification:
    """Compare every file of a snapshot with its checksum; the query is not run again.

    Args:
        manifest: the frozen cohort.
        where: a registry, whose history is looked through for masks that have got a newer revision; or any folder
            that the manifest's paths are relative to, in which only the paths themselves count.
        progress: told about each file.
        fetch: ask remotes of the registry for content that is not on this machine.
    """
    if isinstance(where, Path):
        return _compare(manifest, where, progress)
    found = content.locate(where, manifest.files(), fetch=fetch, progress=progress)
    return Verification(len(manifest.files()), found.missing, found.changed, found.earlier)


def materialise(registry: Registry, manifest: Manifest, *, fetch: bool = False) -> Path:
    """A folder in which every path of the manifest holds the frozen bytes: what training reads.

    It is the registry's root while no file of the snapshot has got a newer revision, and a tree of links below
    `.cohortium/snapshots/` afterwards. Files that are present are not compared again: readers check what they read.

    Raises:
        IntegrityError: names the first file whose frozen bytes are not on this machine.
    """
    found = content.locate(registry, manifest.files(), fetch=fetch, trust=True)
    require_whole(found)
    if not found.earlier:
        return registry.root
    folder = registry.local / "snapshots" / manifest.snapshot_id
    for path, place in found.places.items():
        _link(folder / path, place)
    return folder


def require_whole(found: Contents) -> None:
    """Refuse to go on without every file.

    Raises:
        IntegrityError: names the first file that is missing or changed, and counts the others.
    """
    for state, paths in (("is missing", found.missing), ("is not the file that was frozen", found.changed)):
        if paths:
            more = len(found.missing) + len(found.changed) - 1
            others = f" ({more} more like it)" if more else ""
            hint = _FETCH if state == "is missing" else "Restore it with git, then try again."
            raise IntegrityError(f"{paths[0]} {state}{others}.", hint)


def _compare(manifest: Manifest, root: Path, progress: Progress | None) -> Verification:
    missing, changed = [], []
    files = manifest.files()
    for number, ref in enumerate(files, start=1):
        place = root / ref.path
        if not place.is_file():
            missing.append(ref.path)
        elif place.stat().st_size != ref.size or sha256_file(place) != ref.sha256:
            changed.append(ref.path)
        if progress:
            progress(number, len(files), "comparing checksums")
    return Verification(len(files), tuple(missing), tuple(changed))


def _link(link: Path, place: Path) -> None:
    """Make or renew a link, relative so that the registry can move."""
    target = os.path.relpath(place, link.parent)
    if link.is_symlink() and os.readlink(link) == target:
        return
    with atomic.replacing(link) as temporary:
        temporary.symlink_to(target)
