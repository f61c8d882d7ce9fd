"""`doctor` mends what a dead process left; `rebuild` makes the database anew from files and events."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import col, delete, select

from registry import publishing
from registry.bids.walk import walk
from registry.errors import CohortiumError, IntegrityError
from registry.files.locks import lock
from registry.files.progress import Progress
from registry.index import facts, refresh
from registry.index.sync import follow
from registry.maintenance import drift
from registry.publishing import events, git
from registry.publishing.batches import file_waiting
from registry.publishing.commits import commit_pending
from registry.store import Registry
from registry.tables import Event, File, Intent

_GIT_LOCKS = (".git/index.lock", ".git/HEAD.lock", ".git/annex/index.lock")


@dataclass(frozen=True)
class Repair:
    """One thing the doctor did: `what` it was, and the path or intent."""

    what: str
    where: str


def doctor(registry: Registry) -> list[Repair]:
    """Bring a registry back to a state in which every accepted change is complete, without asking anybody.

    Dead git locks are removed, intents are finished (when staged) or undone (when not), applied changes are committed,
    staging folders without an intent are removed. Files that were deleted come back, and the rows follow what git has
    accepted without them, such as a pull. Nothing that was accepted is lost; what somebody edited or dropped into the
    folder is left alone (`drift.differences` names it).
    """
    done: list[Repair] = []
    with lock(registry, "commit"), lock(registry, "write"):
        done += _remove_git_locks(registry.root)
        for intent in _open_intents(registry):
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
        told = _take_events(registry)
    return [
        *(Repair("deleted file restored", path) for path in restored),
        *(Repair("rows brought up to date", path) for path in followed),
        *(Repair("event of another copy taken up", event) for event in told),
    ]


def _take_events(registry: Registry) -> list[str]:
    """Events of the log that the database lacks, such as another copy's after a pull; a broken log is left alone.

    A log that somebody edited is named by `drift.differences`, and `rebuild` refuses it.
    """
    with registry.reading() as session:
        known = {(writer, number) for writer, number in session.exec(select(Event.writer, Event.number))}
    fresh = [event for event in events.read_log(registry.root) if (event.writer, event.number) not in known]
    if not fresh or not events.is_whole(_chains(registry, fresh)):
        return []
    commits = _commits(registry)
    with registry.unit_of_work() as session:
        for event in fresh:
            event.commit = commits.get(f"{event.writer}/{event.number}")
            session.add(event)
    return [f"{event.writer}/{event.number}" for event in fresh]


def _chains(registry: Registry, fresh: Sequence[Event]) -> list[Event]:
    """Everything by the writers of these events: what the database holds, and these."""
    with registry.reading() as session:
        held = session.exec(select(Event).where(col(Event.writer).in_({event.writer for event in fresh}))).all()
    return sorted([*held, *fresh], key=lambda event: (event.writer, event.number))


def rebuild(registry: Registry, progress: Progress | None = None) -> int:
    """Forget every row and compute it again from the dataset's files and its event log.

    Runs that wait or are under way stay. Returns how many files were read.

    Raises:
        InvalidInput: a file cannot be read, or its content is not on this machine.
        IntegrityError: the event chain is broken.
    """
    with lock(registry, "commit"), lock(registry, "write"):
        publishing.finish_staged(registry)
        chain = _whole_chain(registry)
        files = _read_all(registry.root, progress)
        _replace_rows(registry, files, chain)
    return len(files)


def _whole_chain(registry: Registry) -> list[Event]:
    """The events of the log, and those that still wait for their commit and are in the database alone."""
    chain = events.read_log(registry.root)
    logged = {(event.writer, event.number) for event in chain}
    with registry.reading() as session:
        waiting = session.exec(select(Event).where(col(Event.commit).is_(None))).all()
    chain += [Event(**event.model_dump()) for event in waiting if (event.writer, event.number) not in logged]
    chain.sort(key=lambda event: (event.writer, event.number))
    events.verify_chain(chain)
    held = {f"{event.writer}/{event.number}" for event in chain}
    if lost := sorted(set(_commits(registry)) - held):
        raise IntegrityError(
            f"The event log lacks {lost[0]}, which a commit names.",
            "Restore logs/events with git, then run: cohortium rebuild",
        )
    return chain


def _read_all(root: Path, progress: Progress | None) -> list[File]:
    paths = [found.path for found in walk(root)]
    return facts.read_all(root, paths, progress, "reading files")


def _replace_rows(registry: Registry, files: Sequence[File], chain: Sequence[Event]) -> None:
    commits = _commits(registry)
    with registry.unit_of_work() as session:
        refresh.clear(session)
        session.execute(delete(Event))
        session.execute(delete(Intent).where(col(Intent.state) == "committed"))
        refresh.apply(session, files)
        for event in chain:
            event.commit = commits.get(f"{event.writer}/{event.number}")
            session.add(event)


def _commits(registry: Registry) -> dict[str, str]:
    """Event to commit, from the trailers of the history."""
    printed = git.run_git(registry.root, "log", "--format=%H %(trailers:key=Cohortium-Event,valueonly,separator=%x2C)")
    pairs = [line.partition(" ") for line in printed.splitlines()]
    return {event: commit for commit, _, events_ in pairs for event in events_.split(",") if event}


def _remove_git_locks(root: Path) -> list[Repair]:
    removed = []
    for name in _GIT_LOCKS:
        place = root / name
        if place.exists():
            place.unlink()
            removed.append(Repair("dead git lock removed", name))
    return removed


def _open_intents(registry: Registry) -> Sequence[Intent]:
    with registry.reading() as session:
        intents = session.exec(select(Intent).where(col(Intent.state).in_(["staging", "staged"]))).all()
    return [intent for intent in intents if not publishing.is_alive(registry, intent.intent_id)]


def _remove_staging(registry: Registry) -> list[Repair]:
    """Folders and locks whose process is gone; after the intents, so nothing that counts is in them."""
    left = [path for path in (registry.local / "staging").glob("*") if not _owner_alive(registry, path)]
    for path in left:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [Repair("staging folder removed", path.name) for path in left if not path.name.endswith(".lock")]


def _owner_alive(registry: Registry, path: Path) -> bool:
    return publishing.is_alive(registry, path.name.partition(".")[0])
