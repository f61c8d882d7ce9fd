"""The one way anything is written: stage, check, move into place, record, commit.

1. `staging`: an intent row, and a folder below `.cohortium/staging` that holds a whole tree of new files.
2. `staged`: everything is on disk (fsync), checked, and the plan is written. From here the change goes through,
   even when the process dies: `doctor` rolls it forward. Before, it is rolled back.
3. `applied`: files moved into place one by one (`os.replace`), then rows and event in one transaction.
4. `committed`: the single committer has put exactly these paths into git, with the actor as author.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import select

from registry import events, facts, indexing
from registry.canon import canonical_json
from registry.errors import StorageError
from registry.merging import merge_tree
from registry.store import Registry
from registry.store import actor as current_actor
from registry.tables import File, Intent

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Change:
    """What is about to be written.

    Attributes:
        kind: the event's kind, `import`, `query.save`, `split.create`, ...
        message: one line, the commit's subject.
        payload: facts for the event, beside the list of files.
        actor: pseudonymous code of who acts.
    """

    kind: str
    message: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    actor: str = field(default_factory=current_actor)


def publish(
    registry: Registry,
    change: Change,
    write: Callable[[Path], Mapping[str, Any] | None],
    *,
    check: Callable[[Sequence[File]], None] | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Write a tree of files into the registry, all or nothing, and return the paths that changed.

    Args:
        registry: where to.
        change: who does what.
        write: fills an empty folder with files laid out as in the registry; what it returns joins the payload.
        check: raises to refuse; sees the facts of every new or changed file.
        progress: told about each file read.

    Raises:
        CohortiumError: refused; the registry is as it was.
    """
    intent_id = secrets.token_hex(8)
    with lock(registry, f"staging/{intent_id}.alive"):
        try:
            return _publish(registry, intent_id, change, write, check, progress)
        finally:
            (registry.local / f"staging/{intent_id}.alive.lock").unlink(missing_ok=True)


def _publish(
    registry: Registry,
    intent_id: str,
    change: Change,
    write: Callable[[Path], Mapping[str, Any] | None],
    check: Callable[[Sequence[File]], None] | None,
    progress: Progress | None,
) -> list[str]:
    folder = registry.local / "staging" / intent_id
    tree = folder / "tree"
    try:
        _open_intent(registry, intent_id, change)
        tree.mkdir(parents=True)
        payload = {**change.payload, **(write(tree) or {})}
        with lock(registry, "write"):
            plan = _stage(registry, intent_id, tree, payload, check, progress)
            return _apply(registry, intent_id, plan) if plan.paths else _withdraw(registry, intent_id, folder)
    except OSError as error:
        _withdraw(registry, intent_id, folder)
        raise StorageError(f"The disk refused: {error.strerror or error}.",
                           "Free space or check permissions, then try again.") from error  # fmt: skip
    except BaseException:
        _withdraw(registry, intent_id, folder)
        raise


@dataclass(frozen=True)
class Plan:
    """What a staged intent will do; on disk as `plan.json` beside the staged tree."""

    files: tuple[Mapping[str, Any], ...]
    payload: Mapping[str, Any]

    @property
    def paths(self) -> list[str]:
        """Every path that changes, sorted by bytes."""
        return [str(file["path"]) for file in self.files]


def _open_intent(registry: Registry, intent_id: str, change: Change) -> None:
    with registry.unit_of_work() as session:
        session.add(Intent(intent_id=intent_id, state="staging", kind=change.kind, actor=change.actor,
                           message=change.message))  # fmt: skip


def _stage(
    registry: Registry,
    intent_id: str,
    tree: Path,
    payload: Mapping[str, Any],
    check: Callable[[Sequence[File]], None] | None,
    progress: Progress | None,
) -> Plan:
    """Merge shared tables, read facts, refuse what is wrong, and make the plan durable."""
    merge_tree(tree, registry.root)
    paths = sorted(_walk(tree), key=str.encode)
    files = []
    for number, path in enumerate(paths, start=1):
        files.append(facts.read(tree, path))
        if progress:
            progress(number, len(paths), "checking files")
    changed = _changed_files(registry, files)
    if check:
        check(changed)
    for file in changed:
        _sync(tree / file.path)
    plan = Plan(tuple(file.model_dump() for file in changed), payload)
    place = tree.parent / "plan.json"
    place.write_bytes(canonical_json({"files": plan.files, "payload": plan.payload}))
    _sync(place)
    with registry.unit_of_work() as session:
        intent = session.get_one(Intent, intent_id)
        intent.state, intent.plan = "staged", plan.paths
    return plan


def _apply(registry: Registry, intent_id: str, plan: Plan) -> list[str]:
    """Move staged files into place, then rows and event in one transaction; on an error everything moves back."""
    folder = registry.local / "staging" / intent_id
    try:
        _move_in(registry.root, folder, plan.paths)
        _record(registry, intent_id, plan)
    except BaseException:
        _move_back(registry.root, folder, plan.paths)
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return plan.paths


def _move_in(root: Path, folder: Path, paths: Sequence[str]) -> None:
    """Safe to repeat: a file that has moved already is passed over."""
    for path in paths:
        staged, place, backup = folder / "tree" / path, root / path, folder / "backup" / path
        if not staged.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place) and not backup.exists():
            backup.parent.mkdir(parents=True, exist_ok=True)
            os.link(place, backup, follow_symlinks=False)
        os.replace(staged, place)


def _move_back(root: Path, folder: Path, paths: Sequence[str]) -> None:
    for path in paths:
        staged, place, backup = folder / "tree" / path, root / path, folder / "backup" / path
        if staged.exists():
            continue
        if os.path.lexists(backup):
            os.replace(backup, place)
        else:
            place.unlink(missing_ok=True)


def _record(registry: Registry, intent_id: str, plan: Plan) -> None:
    writer = registry.writer
    with registry.unit_of_work() as session:
        files = [File(**{**file, "mtime_ns": (registry.root / file["path"]).stat().st_mtime_ns}) for file in plan.files]
        indexing.apply(session, files)
        intent = session.get_one(Intent, intent_id)
        intent.state = "applied"
        listed = {file.path: file.sha256 for file in files}
        payload = {**plan.payload, "message": intent.message, "files": listed}
        event = events.append(session, writer, intent.actor, intent.kind, payload)
        event.intent_id = intent_id


def recover(registry: Registry, intent: Intent) -> str:
    """Finish or undo an intent that a dead process left; returns `finished` or `undone`. The caller holds the lock."""
    folder = registry.local / "staging" / intent.intent_id
    if intent.state == "staged":
        raw = json.loads((folder / "plan.json").read_bytes())
        _apply(registry, intent.intent_id, Plan(tuple(raw["files"]), raw["payload"]))
        return "finished"
    _withdraw(registry, intent.intent_id, folder)
    return "undone"


@contextmanager
def lock(registry: Registry, name: str) -> Iterator[None]:
    """One process at a time; the lock dies with its process, so nothing stale is left behind."""
    place = registry.local / f"{name}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def is_alive(registry: Registry, intent_id: str) -> bool:
    """Whether the process that opened an intent still runs."""
    place = registry.local / f"staging/{intent_id}.alive.lock"
    if not place.exists():
        return False
    with place.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _withdraw(registry: Registry, intent_id: str, folder: Path) -> list[str]:
    """Forget an intent that changed nothing. What cannot be removed now is left to the doctor."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(StorageError), registry.unit_of_work() as session:
        if (intent := session.get(Intent, intent_id)) is not None and intent.state in ("staging", "staged"):
            session.delete(intent)
    return []


def _changed_files(registry: Registry, files: Sequence[File]) -> list[File]:
    with registry.reading() as session:
        known = dict(session.exec(select(File.path, File.sha256)).all())
    return [file for file in files if known.get(file.path) != file.sha256]


def _walk(tree: Path) -> Iterator[str]:
    for folder, _, names in os.walk(tree):
        for name in names:
            yield (Path(folder) / name).relative_to(tree).as_posix()


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
