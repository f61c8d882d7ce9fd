"""Changes that did not come through the registry: a hand edit, a file dropped in, a file deleted, a damaged one.

What git has accepted (a pull, a merge) the rows follow by themselves (`registry.index.sync`). A deleted file comes
back. An edit or a new file waits for a person: `adopt` takes it in, with a reason and an event; git undoes it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlmodel import col, select

from registry.bids import places
from registry.bids.walk import ABSENT
from registry.errors import InvalidInput, NotFound, UsageError
from registry.files.canonical import sha256_file
from registry.files.locks import lock
from registry.index import sync
from registry.maintenance.mask_checks import checker
from registry.privacy import traces
from registry.privacy.free_text import require_impersonal
from registry.publishing import Change, events, git, publish
from registry.store import Registry
from registry.tables import Intent
from registry.vocabulary.display import format_count
from registry.vocabulary.findings import Severity

_FROZEN = tuple(f"{folder}/" for folder in (places.QUERIES, places.SPLITS, places.SNAPSHOTS, places.RUNS))


class Outside(StrEnum):
    """What happened to a file without the registry; the value is the word for it."""

    EDITED = "edited"
    """Its content is not what git holds. Take it in with `adopt`, or `git checkout` it."""
    NEW = "new"
    """Git does not know it. Take it in with `adopt`, or remove it."""
    DELETED = "deleted"
    """Git holds it, the folder does not; `doctor` brings it back."""
    NOT_FETCHED = "not fetched"
    """A version that the rows do not know, with its content elsewhere: `datalad get` it, then run `doctor`."""
    DAMAGED = "damaged"
    """The content kept for it is not what its checksum says: `git annex fsck` and fetch another copy."""


@dataclass(frozen=True)
class Difference:
    """One file, by its path in the registry, and what happened to it."""

    path: str
    what: Outside


def differences(registry: Registry) -> list[Difference]:
    """Files that are not as the registry left them, by path; changes that only wait for their commit are none."""
    with lock(registry, "commit"):
        waiting = _waiting(registry)
        found = [item for item in _by_git(registry.root) if item.path not in waiting]
    found += [item for item in _by_content(registry) if item.path not in waiting]
    return sorted(found, key=lambda item: os.fsencode(item.path))


def restore(registry: Registry, found: Iterable[Difference]) -> list[str]:
    """Bring deleted files back from git, and return their paths."""
    paths = [item.path for item in found if item.what is Outside.DELETED]
    if paths:
        listing = b"\0".join(os.fsencode(path) for path in paths)
        git.run_git(registry.root, "checkout", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listing)
    return paths


def adopt(registry: Registry, paths: Sequence[str], reason: str) -> list[str]:
    """Take edited and new files into the registry as they are now, checked like a delivery, with an event.

    Args:
        registry: which.
        paths: relative to its root.
        reason: why, one sentence; it is kept.

    Raises:
        NotFound: a path was neither edited nor is it new.
        UsageError: no path, no reason or one that tells who or when, or an edit of what is never changed: a frozen
            record, an event, a rater's mask.
        CohortiumError: the content cannot be accepted; the file stays as it is, outside.
    """
    if not paths or not reason.strip():
        raise UsageError(
            "Say which files to take in, and why.",
            'For example: cohortium adopt participants.tsv --reason "ages corrected"',
        )
    require_impersonal(reason, "reason")
    _require_adoptable(registry, paths)
    _require_private(registry, paths)

    def write(tree: Path) -> None:
        for path in paths:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(registry.root / path, tree / path)

    change = Change(
        "adopt",
        f"Adopt {format_count(len(paths), 'file')} changed outside",
        {"reason": reason.strip()},
        adopts=frozenset(paths),
    )
    return publish(registry, change, write, check=checker(registry))


def _require_private(registry: Registry, paths: Sequence[str]) -> None:
    """Refuse what certainly identifies a person: what is taken in stays in git's history for ever."""
    found = next((item for item in traces.check(registry.root, paths) if item.severity is Severity.ERROR), None)
    if found is not None:
        raise InvalidInput(
            f"{found.path} tells who a person is. {found.message}",
            "Take it out of the file, then adopt it; see: cohortium deidentify scan",
        )


def _require_adoptable(registry: Registry, paths: Sequence[str]) -> None:
    found = {item.path: item.what for item in differences(registry) if item.what in (Outside.EDITED, Outside.NEW)}
    for path in paths:
        if path not in found:
            raise NotFound(f"{path} was not changed outside the registry.", "See what was with: cohortium doctor")
        _require_changeable(path, found[path])


def _require_changeable(path: str, what: Outside) -> None:
    """Law 4: frozen records and events are only ever added, and a reading changes by a revision of its rater."""
    undo = f"Undo the edit with: git checkout -- {path}"
    if path.startswith(f"{events.LOGS}/") or (what is Outside.EDITED and path.startswith(_FROZEN)):
        raise UsageError(f"{path} is a record that is never changed.", undo)
    reading = places.role(places.split_dataset(path)[0])[0] is places.Role.READINGS
    if what is Outside.EDITED and reading and path.endswith((".nii", ".nii.gz")):
        raise UsageError(
            f"{path} is a rater's mask, which only a newer revision replaces.",
            f"Hand it in with: cohortium reading accept. {undo}",
        )


def _waiting(registry: Registry) -> set[str]:
    """Paths of changes on their way: moved into place, or about to be, and not yet committed."""
    with registry.reading() as database:
        plans = database.exec(select(Intent.plan).where(col(Intent.state).in_(["staged", "applied"]))).all()
    return {path for plan in plans for path in plan}


def _by_git(root: Path) -> Iterable[Difference]:
    printed = git.read_git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    for entry in printed.split(b"\0"):
        path = os.fsdecode(entry[3:])
        if path and not any(part.startswith(".") for part in path.split("/")):
            yield Difference(path, _what(entry[:2].decode()))


def _what(state: str) -> Outside:
    """Of the two letters that git gives, for the index and for the folder."""
    if state == "??":
        return Outside.NEW
    return Outside.DELETED if "D" in state else Outside.EDITED


def _by_content(registry: Registry) -> Iterable[Difference]:
    """Annexed files: git sees their keys only."""
    for item in sync.list_moved(registry):
        place = registry.root / item.path
        key = sync.annexed_as(place)
        if item.size == ABSENT:
            yield Difference(item.path, Outside.NOT_FETCHED)
        elif key and sha256_file(place) != key:
            yield Difference(item.path, Outside.DAMAGED)
