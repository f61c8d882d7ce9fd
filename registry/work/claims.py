"""Workers take waiting work: at most as many pieces run as workers are alive, each in a process of its own.

When a worker ends, its work goes on. The next worker waits for that work, so that the graphics card of one worker is
never used by two trainings.
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
    """Count this process as a worker while the block runs."""
    name = f"work/{os.getpid()}-{secrets.token_hex(2)}{_WORKER}"
    with locks.lent(registry, name):
        try:
            yield
        finally:
            locks.remove(registry, name)


def take(registry: Registry, kind: str) -> tuple[Work, subprocess.Popen[bytes]] | None:
    """Start the work of a kind that has waited longest, and return it and its process.

    None where nothing waits, or where as many pieces run as there are workers.

    Raises:
        StorageError: the process could not be started; the row says so.
    """
    recovery.settle(registry)
    with ExitStack() as stack:
        # Units of work exclude each other, so two workers never take the same work. The lock is taken inside the unit,
        # so no row says that work runs whose lock nobody holds.
        with registry.unit_of_work() as database:
            work = _find_next(database, kind, count_workers(registry))
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
    of_kind = col(Work.kind) == kind
    running = select(func.count()).select_from(Work).where(of_kind, col(Work.state) == RUNNING)
    if database.exec(running).one() >= workers:
        return None
    oldest = col(Work.asked), col(Work.work_id)
    return database.exec(select(Work).where(of_kind, col(Work.state) == WAITING).order_by(*oldest)).first()


def count_workers(registry: Registry) -> int:
    """How many workers of this registry are alive on this machine."""
    paths = files.room(registry).glob(f"*{_WORKER}.lock")
    return sum(locks.is_held(registry, f"work/{path.name.removesuffix('.lock')}") for path in paths)
