"""The one way anything is written: stage, check, move into place, record, commit.

1. `staging`: an intent row, and a folder below `.cohortium/staging` that holds a whole tree of new files.
2. `staged`: everything is on disk (fsync), checked, and the plan is written. From here the change goes through,
   even when the process dies: the next writer or `doctor` completes it. A change that died earlier is taken back.
3. `applied`: files moved into place one by one (`os.replace`), then rows and event in one transaction.
4. `committed`: the single committer has put exactly these paths into git, with the actor as author.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlmodel import select

from registry.bids.portable_names import require_portable
from registry.errors import StorageError
from registry.files import locks
from registry.files.locks import lock
from registry.files.progress import Progress
from registry.index import facts, refresh
from registry.index.sync import require_untouched
from registry.publishing import events
from registry.publishing.commits import commit_pending
from registry.publishing.staging import Plan, Staging
from registry.publishing.table_merge import merge_tree
from registry.store import Registry
from registry.store import actor as current_actor
from registry.tables import File, Intent

Write = Callable[[Path], Mapping[str, Any] | None]
Check = Callable[[Sequence[File]], None]


@dataclass(frozen=True)
class Change:
    """A description of what is about to be written.

    Attributes:
        kind: the event's kind, `import`, `query.save`, `split.create`, ...
        message: one line, the commit's subject.
        payload: facts for the event; the list of files is added to them.
        actor: pseudonymous code of the person who acts.
        replaces: paths whose new content replaces the old: computed files whose inputs changed, and a rater's own newer
            revision (`registry.readings`). No other evidence is replaced. Git keeps the old content.
        adopts: paths that already hold their new content, because somebody edited them in place
            (`registry.maintenance.drift`).
    """

    kind: str
    message: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    actor: str = field(default_factory=current_actor)
    replaces: frozenset[str] = frozenset()
    adopts: frozenset[str] = frozenset()


def publish(
    registry: Registry,
    change: Change,
    write: Write,
    *,
    check: Check | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Write a tree of files into the registry, all or nothing, and return the paths that changed.

    Args:
        registry: the registry.
        change: who does what.
        write: fills an empty folder with files laid out as in the registry; the facts it returns join the payload.
        check: gets the facts of every new or changed file, and raises to refuse the change.
        progress: called after each file that is read.

    Raises:
        CohortiumError: the change was refused; the registry is as it was.
    """
    intent_id = secrets.token_hex(8)
    with lock(registry, _alive(intent_id)):
        try:
            _open_intent(registry, intent_id, change)
            tree = _staging(registry, intent_id).tree
            tree.mkdir(parents=True)
            change = replace(change, payload={**change.payload, **(write(tree) or {})})
            return _accept(registry, intent_id, change, check, progress)
        except BaseException as error:
            _withdraw(registry, intent_id)
            if isinstance(error, OSError):
                raise StorageError(
                    f"The change could not be written: {error.strerror or error}.",
                    "Free space or check permissions, then try again.",
                ) from error
            raise
        finally:
            locks.remove(registry, _alive(intent_id))


def write_files(files: Mapping[str, bytes]) -> Write:
    """A `write` for `publish` that writes exactly these files: path to content."""

    def write(tree: Path) -> None:
        for path, data in files.items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    return write


def _open_intent(registry: Registry, intent_id: str, change: Change) -> None:
    with registry.unit_of_work() as database:
        database.add(
            Intent(intent_id=intent_id, state="staging", kind=change.kind, actor=change.actor, message=change.message)
        )


def _accept(
    registry: Registry, intent_id: str, change: Change, check: Check | None, progress: Progress | None
) -> list[str]:
    """Stage and apply a change, under the lock `write`; returns the paths that changed.

    Where another applied change touches one of the same paths and waits for its commit, that commit is made first:
    one commit holds one actor's work.
    """
    staging = _staging(registry, intent_id)
    while True:
        with lock(registry, "write"):
            finish_staged(registry)
            if not _list_waiting_paths(registry) & set(staging.paths()):
                plan = _stage(registry, staging, change, check, progress)
                if plan.paths:
                    _mark_staged(registry, intent_id, plan)
                    _apply(registry, intent_id, plan)
                else:
                    _withdraw(registry, intent_id)
                return plan.paths
        commit_pending(registry)


def finish_staged(registry: Registry) -> list[str]:
    """Complete the changes that a dead process had staged, and return their messages.

    The caller holds the lock `write`. Intents are staged under this lock alone, so the process that staged one is dead.
    """
    with registry.reading() as database:
        staged = database.exec(select(Intent).where(Intent.state == "staged")).all()
    return [intent.message for intent in staged if recover(registry, intent) == "finished"]


def _list_waiting_paths(registry: Registry) -> set[str]:
    with registry.reading() as database:
        plans = database.exec(select(Intent.plan).where(Intent.state == "applied")).all()
    return {path for plan in plans for path in plan}


def _stage(
    registry: Registry, staging: Staging, change: Change, check: Check | None, progress: Progress | None
) -> Plan:
    """Merge shared tables, read facts, refuse what is wrong, and write the plan to the disk."""
    require_portable(staging.tree, staging.paths(), registry.root)
    require_untouched(registry, [path for path in staging.paths() if path not in change.adopts])
    merge_tree(staging.tree, registry.root, change.replaces, change.adopts)
    paths = staging.paths()
    files = facts.read_all(staging.tree, paths, progress, "checking files")
    if check:
        check(files)
    plan = Plan(tuple(file.model_dump() for file in files), change.payload)
    staging.write_plan(plan)
    return plan


def _mark_staged(registry: Registry, intent_id: str, plan: Plan) -> None:
    with registry.unit_of_work() as database:
        intent = database.get_one(Intent, intent_id)
        intent.state, intent.plan = "staged", plan.paths


def _apply(registry: Registry, intent_id: str, plan: Plan) -> None:
    """Move staged files into place, then add rows and event in one transaction; on an error all files move back."""
    staging = _staging(registry, intent_id)
    try:
        staging.move_in(plan.paths)
        _record(registry, intent_id, plan)
    except BaseException:
        if _read_state(registry, intent_id) == "staged":  # else it was interrupted just after the transaction
            staging.move_back(plan.paths)
            staging.forget_plan()
        raise
    staging.discard()


def _record(registry: Registry, intent_id: str, plan: Plan) -> None:
    writer = registry.writer
    with registry.unit_of_work() as database:
        files = [File(**{**file, "mtime_ns": (registry.root / file["path"]).stat().st_mtime_ns}) for file in plan.files]
        refresh.apply(database, [file for file in files if facts.is_indexed(file.path)])
        intent = database.get_one(Intent, intent_id)
        intent.state = "applied"
        checksums = {file.path: file.sha256 for file in files}
        payload = {**plan.payload, "message": intent.message, "files": checksums}
        event = events.append(database, writer, intent.actor, intent.kind, payload)
        event.intent_id = intent_id


def recover(registry: Registry, intent: Intent) -> str:
    """Finish or undo the intent of a dead process; returns `finished` or `undone`. The caller holds the write lock."""
    staging = _staging(registry, intent.intent_id)
    if intent.state == "staged" and staging.has_plan:
        _apply(registry, intent.intent_id, staging.read_plan())
        return "finished"
    _withdraw(registry, intent.intent_id)
    return "undone"


def is_alive(registry: Registry, intent_id: str) -> bool:
    """Whether the process that opened an intent still runs."""
    return locks.is_held(registry, _alive(intent_id))


def _alive(intent_id: str) -> str:
    return f"staging/{intent_id}.alive"


def _staging(registry: Registry, intent_id: str) -> Staging:
    return Staging(registry.root, registry.local / "staging" / intent_id)


def _read_state(registry: Registry, intent_id: str) -> str | None:
    with registry.reading() as database:
        return database.exec(select(Intent.state).where(Intent.intent_id == intent_id)).first()


def _withdraw(registry: Registry, intent_id: str) -> None:
    """Remove an intent that changed nothing; what cannot be removed now is left to the doctor.

    A staged intent that still has its plan could not be moved back (a dying disk), so it is kept for the doctor.
    """
    staging = _staging(registry, intent_id)
    with suppress(OSError, StorageError):
        with registry.unit_of_work() as database:
            intent = database.get(Intent, intent_id)
            if intent is not None and intent.state == "staged" and staging.has_plan:
                return
            if intent is not None and intent.state in ("staging", "staged"):
                database.delete(intent)
        staging.discard()
