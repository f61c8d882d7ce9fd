"""Compare the files of a snapshot with what was frozen, or make a folder of the frozen bytes."""

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
    """The outcome of `verify`; paths are sorted.

    Attributes:
        n_files: number of files of the snapshot.
        missing: paths whose frozen bytes are not on this machine.
        changed: paths whose bytes differ from the frozen ones.
        earlier: paths that hold a newer revision now; the history keeps the frozen bytes whole.
    """

    n_files: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    earlier: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the frozen bytes of every file are on this machine."""
        return not self.missing and not self.changed


def verify(
    manifest: Manifest, where: Registry | Path, progress: Progress | None = None, *, fetch: bool = False
) -> Verification:
    """Compare every file of a snapshot with its checksum; the query is not run again.

    Args:
        manifest: the frozen cohort.
        where: a registry, whose history is searched for masks that have a newer revision; or a folder to which the
            manifest's paths are relative, where only the files at these paths count.
        progress: called after each file.
        fetch: ask the remotes of the registry for content that is not on this machine.
    """
    if isinstance(where, Path):
        return _compare(manifest, where, progress)
    found = content.locate(where, manifest.files(), fetch=fetch, progress=progress)
    return Verification(len(manifest.files()), found.missing, found.changed, found.earlier)


def materialise(registry: Registry, manifest: Manifest, *, fetch: bool = False) -> Path:
    """A folder in which every path of the manifest holds the frozen bytes; training reads from it.

    It is the registry's root while no file of the snapshot has a newer revision, and a tree of links below
    `.cohortium/snapshots/` afterwards. Files that are present are not compared again: training checks what it reads.

    Args:
        registry: the registry.
        manifest: the frozen cohort.
        fetch: ask the remotes for content that is not on this machine.

    Raises:
        IntegrityError: the frozen bytes of a file are not on this machine; the message names the first such file.
    """
    found = content.locate(registry, manifest.files(), fetch=fetch, trust=True)
    require_whole(found)
    if not found.earlier:
        return registry.root
    folder = registry.local / "snapshots" / manifest.snapshot_id
    for path, source in found.places.items():
        _link(folder / path, source)
    return folder


def require_whole(found: Contents) -> None:
    """Refuse contents that lack a file.

    Raises:
        IntegrityError: a file is missing or changed; the message names the first and counts the others.
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
        path = root / ref.path
        if not path.is_file():
            missing.append(ref.path)
        elif path.stat().st_size != ref.size or sha256_file(path) != ref.sha256:
            changed.append(ref.path)
        if progress:
            progress(number, len(files), "comparing checksums")
    return Verification(len(files), tuple(missing), tuple(changed))


def _link(link: Path, source: Path) -> None:
    """Make or renew a link; it is relative, so that the registry can move."""
    target = os.path.relpath(source, link.parent)
    if link.is_symlink() and os.readlink(link) == target:
        return
    with atomic.replacing(link) as temporary:
        temporary.symlink_to(target)
