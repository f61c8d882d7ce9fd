"""Repair what a dead process left, and follow what git accepted outside the registry."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, select

from registry import publishing
from registry.errors import CohortiumError
from registry.files.locks import lock
from registry.index.sync import follow
from registry.maintenance import drift
from registry.maintenance.rebuild import read_commits
from registry.publishing import events
from registry.publishing.batches import file_waiting
from registry.publishing.commits import commit_pending
from registry.store import Registry
from registry.tables import Event, Intent

_GIT_LOCKS = (".git/index.lock", ".git/HEAD.lock", ".git/annex/index.lock")


@dataclass(frozen=True)
class Repair:
    """One repair: `what` was done, and the path or intent where."""

    what: str
    where: str


def doctor(registry: Registry) -> list[Repair]:
    """Complete every accepted change of a registry, and return what was repaired.

    Dead git locks are removed, staged intents are finished, other intents are undone, applied changes are committed,
    and staging folders without an intent are removed. Deleted files are restored, and the rows follow what git has
    accepted without them, such as a pull. Nothing that was accepted is lost. Files that somebody edited or added are
    left alone; `drift.differences` lists them.
    """
    done: list[Repair] = []
    with lock(registry, "commit"), lock(registry, "write"):
        done += _remove_git_locks(registry.root)
        for intent in _list_dead_intents(registry):
            done.append(Repair(f"intent {publishing.recover(registry, intent)}", intent.message))
        done += _remove_staging(registry)
    done += _write_verdicts(registry)
    done += [Repair("committed", commit[:10]) for commit in commit_pending(registry)]
    return done + _reconcile(registry)


def _write_verdicts(registry: Registry) -> list[Repair]:
    try:
        return [Repair("verdicts written", rater) for rater in file_waiting(registry)]
    except CohortiumError as error:
        return [Repair("verdicts wait", error.message)]


def _reconcile(registry: Registry) -> list[Repair]:
    with lock(registry, "write"):
        found = drift.differences(registry)
        restored = drift.restore(registry, found)
        followed = follow(registry, leave={item.path for item in found} - set(restored))
        taken = _take_events(registry)
    return [
        *(Repair("deleted file restored", path) for path in restored),
        *(Repair("rows brought up to date", path) for path in followed),
        *(Repair("event of another copy taken up", event) for event in taken),
    ]


def _take_events(registry: Registry) -> list[str]:
    """Add the events of the log that the database lacks, such as another copy's after a pull, and return their names.

    A broken log is left alone: `drift.differences` lists a log that somebody edited, and `rebuild` refuses it.
    """
    with registry.reading() as database:
        known = {(writer, number) for writer, number in database.exec(select(Event.writer, Event.number))}
    fresh = [event for event in events.read_log(registry.root) if (event.writer, event.number) not in known]
    if not fresh or not events.is_whole(_list_chains(registry, fresh)):
        return []
    commits = read_commits(registry)
    with registry.unit_of_work() as database:
        for event in fresh:
            event.commit = commits.get(f"{event.writer}/{event.number}")
            database.add(event)
    return [f"{event.writer}/{event.number}" for event in fresh]


def _list_chains(registry: Registry, fresh: Sequence[Event]) -> list[Event]:
    """All events by the writers of these events: those of the database, and these."""
    with registry.reading() as database:
        held = database.exec(select(Event).where(col(Event.writer).in_({event.writer for event in fresh}))).all()
    return sorted([*held, *fresh], key=lambda event: (event.writer, event.number))


def _remove_git_locks(root: Path) -> list[Repair]:
    removed = []
    for name in _GIT_LOCKS:
        path = root / name
        if path.exists():
            path.unlink()
            removed.append(Repair("dead git lock removed", name))
    return removed


def _list_dead_intents(registry: Registry) -> Sequence[Intent]:
    with registry.reading() as database:
        intents = database.exec(select(Intent).where(col(Intent.state).in_(["staging", "staged"]))).all()
    return [intent for intent in intents if not publishing.is_alive(registry, intent.intent_id)]


def _remove_staging(registry: Registry) -> list[Repair]:
    """Remove folders and locks of dead processes. It runs after the intents, so nothing in them is still needed."""
    left = [path for path in (registry.local / "staging").glob("*") if not _owner_alive(registry, path)]
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [Repair("staging folder removed", path.name) for path in left if not path.name.endswith(".lock")]


def _owner_alive(registry: Registry, path: Path) -> bool:
    return publishing.is_alive(registry, path.name.partition(".")[0])
