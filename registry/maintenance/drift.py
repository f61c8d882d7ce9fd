"""Find changes made outside the registry: an edited file, a new file, a deleted file, a damaged file.

Rows follow by themselves what git has accepted, such as a pull or a merge (`registry.index.sync`). A deleted file is
restored. An edited or new file waits for a person, who accepts it with `adopt` or undoes it with git.
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
    """What happened to a file outside the registry; the value is the word for it."""

    EDITED = "edited"
    """Its content differs from git's. Accept it with `adopt`, or undo the edit with `git checkout`."""
    NEW = "new"
    """Git does not know it. Accept it with `adopt`, or remove it."""
    DELETED = "deleted"
    """Git holds it, the folder does not; `doctor` restores it."""
    NOT_FETCHED = "not fetched"
    """It has a version that the rows do not know, with content elsewhere: run `datalad get`, then `doctor`."""
    DAMAGED = "damaged"
    """Its annexed content does not match its checksum: run `git annex fsck` and fetch another copy."""


@dataclass(frozen=True)
class Difference:
    """One file, by its path in the registry, and what happened to it."""

    path: str
    what: Outside


def differences(registry: Registry) -> list[Difference]:
    """Files that are not as the registry left them, by path; changes that only wait for their commit do not count."""
    with lock(registry, "commit"):
        waiting = _list_waiting(registry)
        found = [item for item in _list_by_git(registry.root) if item.path not in waiting]
    found += [item for item in _list_by_content(registry) if item.path not in waiting]
    return sorted(found, key=lambda item: os.fsencode(item.path))


def restore(registry: Registry, found: Iterable[Difference]) -> list[str]:
    """Restore deleted files from git, and return their paths."""
    paths = [item.path for item in found if item.what is Outside.DELETED]
    if paths:
        listing = b"\0".join(os.fsencode(path) for path in paths)
        git.run_git(registry.root, "checkout", "HEAD", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listing)
    return paths


def adopt(registry: Registry, paths: Sequence[str], reason: str) -> list[str]:
    """Accept edited and new files into the registry as they are now, and return their paths.

    They are checked like a delivery, and an event records them.

    Args:
        registry: the registry.
        paths: relative to the registry's root.
        reason: one sentence that says why; the event keeps it.

    Raises:
        NotFound: a path is neither edited nor new.
        UsageError: there is no path or no reason, the reason tells who was scanned or when, or the edited file is never
            changed: a frozen record, an event, a rater's mask.
        CohortiumError: the content cannot be accepted; the file stays as it is, outside the registry.
    """
    if not paths or not reason.strip():
        raise UsageError(
            "Say which files to adopt, and why.",
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
    """Refuse files that certainly identify a person: git keeps an adopted file for ever."""
    found = next((item for item in traces.check(registry.root, paths) if item.severity is Severity.ERROR), None)
    if found is not None:
        raise InvalidInput(
            f"{found.path} tells who a person is. {found.message}",
            "Remove that from the file, then adopt it; see: cohortium deidentify scan",
        )


def _require_adoptable(registry: Registry, paths: Sequence[str]) -> None:
    found = {item.path: item.what for item in differences(registry) if item.what in (Outside.EDITED, Outside.NEW)}
    for path in paths:
        if path not in found:
            raise NotFound(
                f"{path} was not changed outside the registry.", "List the changed files with: cohortium doctor"
            )
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


def _list_waiting(registry: Registry) -> set[str]:
    """Paths of changes that are staged or applied, and not yet committed."""
    with registry.reading() as database:
        plans = database.exec(select(Intent.plan).where(col(Intent.state).in_(["staged", "applied"]))).all()
    return {path for plan in plans for path in plan}


def _list_by_git(root: Path) -> Iterable[Difference]:
    printed = git.read_git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    for entry in printed.split(b"\0"):
        path = os.fsdecode(entry[3:])
        if path and not any(part.startswith(".") for part in path.split("/")):
            yield Difference(path, _parse_status(entry[:2].decode()))


def _parse_status(state: str) -> Outside:
    """What happened to a file, from git's two letters: the first is the index's state, the second the folder's."""
    if state == "??":
        return Outside.NEW
    return Outside.DELETED if "D" in state else Outside.EDITED


def _list_by_content(registry: Registry) -> Iterable[Difference]:
    """Differences of annexed files, of which git sees only the keys."""
    for item in sync.list_moved(registry):
        path = registry.root / item.path
        key = sync.annexed_as(path)
        if item.size == ABSENT:
            yield Difference(item.path, Outside.NOT_FETCHED)
        elif key and sha256_file(path) != key:
            yield Difference(item.path, Outside.DAMAGED)
