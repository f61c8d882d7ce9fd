"""Workers take work that waits: as many pieces at a time as workers are alive, each in a process of its own.

A worker that ends leaves its work to go on. The next worker waits for it, so that a graphics card that one worker used
is never given to two trainings.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import func
from sqlmodel import Session, col, select

from registry.errors import StorageError
from registry.files import locks
from registry.store import Registry
from registry.tables import Work
from registry.work import files, process, recovery, rows
from registry.work.rows import FAILED, RUNNING, WAITING

_WORKER = ".worker"


@contextmanager
def attend(registry: Registry) -> Iterator[None]:
    """Be one of the workers while the block runs."""
    name = f"work/{os.getpid()}-{secrets.token_hex(2)}{_WORKER}"
    with locks.lent(registry, name):
        try:
            yield
        finally:
            locks.remove(registry, name)


def take(registry: Registry, kind: str) -> tuple[Work, subprocess.Popen[bytes]] | None:
    """The work of a kind that has waited longest, and its process, which begins now.

    None where nothing waits, or where as many run as there are workers.

    Raises:
        StorageError: the disk or the system refused to begin it; its row says so.
    """
    recovery.settle(registry)
    with ExitStack() as stack:
        # One unit of work excludes every other, so two workers never take the same. The lock is taken within it: no
        # row says that something runs whose lock nobody holds.
        with registry.unit_of_work() as database:
            work = _find_next(database, kind, _count_workers(registry))
            if work is None:
                return None
            descriptor = stack.enter_context(locks.lent(registry, files.lock_name(work.work_id)))
            rows.change(database, work.work_id, WAITING, state=RUNNING, started=rows.now())
        try:
            return work, process.launch(registry, work, descriptor)
        except OSError as error:
            why = StorageError(f"The {kind} could not begin: {error.strerror or error}.", "Start it again.")
            rows.end(registry, work.work_id, FAILED, message=why.message, hint=why.hint)
            raise why from error


def _find_next(database: Session, kind: str, workers: int) -> Work | None:
    mine = col(Work.kind) == kind
    running = select(func.count()).select_from(Work).where(mine, col(Work.state) == RUNNING)
    if database.exec(running).one() >= workers:
        return None
    oldest = col(Work.asked), col(Work.work_id)
    return database.exec(select(Work).where(mine, col(Work.state) == WAITING).order_by(*oldest)).first()


def _count_workers(registry: Registry) -> int:
    places = files.room(registry).glob(f"*{_WORKER}.lock")
    return sum(locks.is_held(registry, f"work/{place.name.removesuffix('.lock')}") for place in places)
