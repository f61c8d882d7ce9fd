"""Find the bytes that a snapshot froze: at their path, in the annex, or in an earlier commit.

A path can hold a newer revision than the one that was frozen. The frozen one is then found by its checksum: git's copy
is written to `.cohortium/cache/<sha256>`, the annex' own object is used where it is.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from registry.errors import StorageError
from registry.files import atomic
from registry.files.canonical import sha256_file
from registry.files.progress import Progress
from registry.manifests import FileRef
from registry.publishing import git, git_history
from registry.store import Registry
from registry.tables import File

_BATCH = 500


@dataclass(frozen=True)
class Contents:
    """Where the frozen bytes of files are.

    Attributes:
        places: path to the file that holds the frozen bytes.
        earlier: paths that hold a newer revision now; their frozen bytes are in the cache or the annex.
        missing: paths whose frozen bytes are not on this machine.
        changed: paths whose bytes are neither the frozen ones nor those the registry accepted.
    """

    places: dict[str, Path]
    earlier: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]


def locate(
    registry: Registry,
    refs: Sequence[FileRef],
    *,
    fetch: bool = False,
    trust: bool = False,
    progress: Progress | None = None,
) -> Contents:
    """Find the frozen bytes of files.

    Args:
        registry: the registry.
        refs: paths with the checksums that were frozen.
        fetch: ask the remotes for annexed content that is not on this machine.
        trust: use the checksums of the database for files that are present, instead of reading the files.
        progress: called after each file.
    """
    accepted = _read_accepted(registry, [ref.path for ref in refs])
    if fetch:
        _fetch(registry.root, [ref.path for ref in refs if accepted.get(ref.path) == ref.sha256])
    here = {}
    for number, ref in enumerate(refs, start=1):
        if _holds(registry.root / ref.path, ref, trust and accepted.get(ref.path) == ref.sha256):
            here[ref.path] = registry.root / ref.path
        if progress:
            progress(number, len(refs), "comparing checksums")
    left = [ref for ref in refs if ref.path not in here]
    replaced = [ref for ref in left if accepted.get(ref.path) != ref.sha256]
    earlier = _find_earlier(registry, replaced, fetch)
    lost = [ref.path for ref in left if ref.path not in earlier]
    there = {path for path in lost if (registry.root / path).is_file() and path in accepted}
    changed = {path for path in there if path not in {ref.path for ref in replaced}}
    return Contents(
        {**here, **earlier},
        tuple(earlier),
        tuple(sorted(set(lost) - changed, key=str.encode)),
        tuple(sorted(changed, key=str.encode)),
    )


def beside(registry: Registry, ref: FileRef, path: str) -> bytes | None:
    """Another file as it was in the commit that made the frozen revision of a file; None where it was not there.

    Args:
        registry: the registry.
        ref: the frozen file, such as a mask that has a newer revision.
        path: path of the other file, such as the mask's sidecar.
    """
    found = git_history.revisions(registry.root, [ref.path])[ref.path]
    contents = git_history.blobs(registry.root, [revision.blob for revision in found])
    made = next((item for item in found if git_history.matching(contents, item, ref.sha256)), None)
    if made is None:
        return None
    with suppress(StorageError):
        return git.read_git(registry.root, "cat-file", "blob", f"{made.commit}:{path}")
    return None


def _read_accepted(registry: Registry, paths: Sequence[str]) -> dict[str, str]:
    """Path to the checksum of the present content that the registry accepted."""
    found: dict[str, str] = {}
    with registry.reading() as database:
        for start in range(0, len(paths), _BATCH):
            rows = select(File.path, File.sha256).where(col(File.path).in_(paths[start : start + _BATCH]))
            found.update(dict(database.exec(rows).all()))
    return found


def _fetch(root: Path, paths: Sequence[str]) -> None:
    absent = [path for path in paths if os.path.lexists(root / path) and not (root / path).exists()]
    with suppress(StorageError):  # a remote lacks one of them: `locate` reports what is still absent
        git.fetch(root, absent)


def _holds(path: Path, ref: FileRef, trusted: bool) -> bool:
    if not path.is_file() or path.stat().st_size != ref.size:
        return False
    return trusted or sha256_file(path) == ref.sha256


def _find_earlier(registry: Registry, refs: Sequence[FileRef], fetch: bool) -> dict[str, Path]:
    """Path to the file with the frozen bytes, for paths that hold newer bytes or none."""
    found = {ref.path: path for ref in refs if _holds(path := _cache_path(registry, ref), ref, False)}
    wanted = [ref for ref in refs if ref.path not in found]
    if not wanted:
        return dict(sorted(found.items(), key=lambda item: item[0].encode()))
    past = git_history.revisions(registry.root, [ref.path for ref in wanted])
    contents = git_history.blobs(registry.root, [item.blob for items in past.values() for item in items])
    keys: dict[str, str] = {}
    for ref in wanted:
        match = next((item for item in past[ref.path] if git_history.matching(contents, item, ref.sha256)), None)
        if match is not None and match.annexed:
            keys[ref.path] = git_history.key_of(contents[match.blob])
        elif match is not None:
            found[ref.path] = atomic.write(_cache_path(registry, ref), contents[match.blob])
    objects = git_history.places(registry.root, sorted(set(keys.values())), fetch=fetch)
    found |= {path: objects[key] for path, key in keys.items() if key in objects}
    return dict(sorted(found.items(), key=lambda item: item[0].encode()))


def _cache_path(registry: Registry, ref: FileRef) -> Path:
    """Path in the cache; it keeps the file's ending, because code that reads files goes by it."""
    return registry.local / "cache" / f"{ref.sha256}{''.join(Path(ref.path).suffixes)}"
