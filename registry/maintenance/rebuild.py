"""Make the database anew from the dataset's files and its event log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import col, delete, select

from registry import publishing
from registry.bids.walk import walk
from registry.errors import IntegrityError
from registry.files.collector import pause_collector
from registry.files.locks import lock
from registry.files.progress import Progress
from registry.index import facts, refresh
from registry.publishing import events, git
from registry.store import Registry
from registry.tables import Event, File, Intent


def rebuild(registry: Registry, progress: Progress | None = None) -> int:
    """Delete every row and compute it again from the dataset's files and its event log; rows of long work stay.

    Returns:
        The number of files that were read.

    Raises:
        InvalidInput: a file cannot be read, or its content is not on this machine.
        IntegrityError: the event chain is broken.
    """
    with lock(registry, "commit"), lock(registry, "write"):
        publishing.finish_staged(registry)
        chain = _read_chain(registry)
        files = _read_all(registry.root, progress)
        _replace_rows(registry, files, chain)
    return len(files)


def _read_chain(registry: Registry) -> list[Event]:
    """The events of the log, and those that wait for their commit and are only in the database."""
    chain = events.read_log(registry.root)
    logged = {(event.writer, event.number) for event in chain}
    with registry.reading() as database:
        waiting = database.exec(select(Event).where(col(Event.commit).is_(None))).all()
    chain += [Event(**event.model_dump()) for event in waiting if (event.writer, event.number) not in logged]
    chain.sort(key=lambda event: (event.writer, event.number))
    events.verify_chain(chain)
    held = {f"{event.writer}/{event.number}" for event in chain}
    if lost := sorted(set(read_commits(registry)) - held):
        raise IntegrityError(
            f"The event log lacks {lost[0]}, which a commit names.",
            "Restore logs/events with git, then run: cohortium rebuild",
        )
    return chain


@pause_collector()
def _read_all(root: Path, progress: Progress | None) -> list[File]:
    paths = [found.path for found in walk(root)]
    return facts.read_all(root, paths, progress, "reading files")


def _replace_rows(registry: Registry, files: Sequence[File], chain: Sequence[Event]) -> None:
    commits = read_commits(registry)
    with registry.unit_of_work() as database:
        refresh.clear(database)
        database.execute(delete(Event))
        database.execute(delete(Intent).where(col(Intent.state) == "committed"))
        refresh.apply(database, files)
        for event in chain:
            event.commit = commits.get(f"{event.writer}/{event.number}")
            database.add(event)


def read_commits(registry: Registry) -> dict[str, str]:
    """Event (`writer/number`) to commit id, read from the trailers of git's history."""
    printed = git.run_git(registry.root, "log", "--format=%H %(trailers:key=Cohortium-Event,valueonly,separator=%x2C)")
    pairs = [line.partition(" ") for line in printed.splitlines()]
    return {event: commit for commit, _, events_ in pairs for event in events_.split(",") if event}
