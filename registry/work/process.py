"""The process of one piece of work, `python -m registry.work.process ROOT ID`; it writes its progress into the row.

It holds a lock as long as it lives, so a killed process is never taken for a living one.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from registry.database import dialects
from registry.errors import CohortiumError, UsageError
from registry.files import locks
from registry.files.progress import Progress
from registry.publishing.commits import commit_pending
from registry.store import ACTOR_ENVIRONMENT, Registry, open_registry
from registry.tables import Work
from registry.work import files, kinds, recovery, rows
from registry.work.kinds import Kind
from registry.work.progress import Reporter, Stopped
from registry.work.rows import FAILED, FINISHED, STOPPED

_LOGGER = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "registry.work.process")
"""The command that does a piece of work; its arguments are the registry's root and the work's id."""


def launch(registry: Registry, work: Work, descriptor: int) -> subprocess.Popen[bytes]:
    """Start the process of a piece of work, and return it.

    It has a process group of its own, so neither the end of the app nor Ctrl+C in the app's terminal ends it.

    Args:
        registry: the registry.
        work: the work; its row exists already.
        descriptor: the work's lock, held open (`locks.lent`), so that the work never looks dead.
    """
    environment = {**os.environ, dialects.ENVIRONMENT: registry.url, ACTOR_ENVIRONMENT: work.actor}
    with files.log(registry, work.work_id).open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, str(registry.root), work.work_id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(descriptor,),
            env=environment,
        )
    threading.Thread(
        target=process.wait, daemon=True
    ).start()  # so that a process that ended does not stay as a zombie while the app lives
    return process


def main(arguments: Sequence[str]) -> None:
    """Entry point: do the work whose row has this id. SIGTERM and Ctrl+C stop it as `queue.stop` does."""
    registry, work_id = open_registry(Path(arguments[0])), arguments[1]
    if rows.note(registry, work_id, pid=os.getpid()):
        work = rows.get(registry, work_id)
        try:
            kind = kinds.load(work.program)
        except (ImportError, AttributeError) as error:
            why = f"The program of this work, {work.program}, is not installed."
            rows.end(registry, work_id, FAILED, message=why, hint=str(error))
        else:
            reporter = Reporter(registry, work_id, kind.stopped.format(id=work_id))
            signal.signal(signal.SIGTERM, reporter.interrupt)
            signal.signal(signal.SIGINT, reporter.interrupt)
            try:
                perform(registry, kind, work, reporter)
            except (CohortiumError, KeyboardInterrupt):  # the row already says how the work ended
                pass
            except Exception:
                _LOGGER.exception("%s ended by a fault of the program", work.title)
    files.close(registry, work_id)


def do_here(registry: Registry, work: Work, progress: Progress | None = None) -> None:
    """Do a piece of work in this process: new work, or work that ended before it was done.

    Args:
        registry: the registry.
        work: the work; this function writes its row.
        progress: called in addition to writing the row.

    Raises:
        UsageError: the process of the work is alive.
        Exception: whatever ended the work.
    """
    if files.is_alive(registry, work.work_id):
        raise UsageError(f"{work.title} is still under way.", f"Stop it with: cohortium work stop {work.work_id}")
    kind = kinds.load(work.program)
    reporter = Reporter(registry, work.work_id, kind.stopped.format(id=work.work_id), progress)
    with locks.lent(registry, files.lock_name(work.work_id)):
        rows.begin_again(registry, work)
        rows.note(registry, work.work_id, pid=os.getpid())
        try:
            perform(registry, kind, work, reporter)
        finally:
            files.close(registry, work.work_id)


def perform(registry: Registry, kind: Kind, work: Work, progress: Progress) -> None:
    """Do the work, record in the row how it ended, and remove its private inputs.

    Args:
        registry: the registry.
        kind: the work's kind.
        work: the work; its row says that it runs.
        progress: called by the work; it raises `Stopped` to stop it.

    Raises:
        BaseException: whatever ended the work before it was done; the row already says it.
    """
    state, values = FAILED, dict[str, Any]()
    try:
        result = kind.perform(registry, work, progress)
        if kind.event is not None:
            _commit(registry, work.work_id)
        state, values = FINISHED, {"result": result, "done": 1, "total": 1}
    except Stopped as stopped:
        state, values = STOPPED, {"message": stopped.message}
        raise
    except KeyboardInterrupt:
        state, values = STOPPED, {"message": kind.stopped.format(id=work.work_id)}
        raise
    except CohortiumError as error:
        values = {"message": error.message, "hint": error.hint}
        raise
    except BaseException:
        log = files.log(registry, work.work_id)
        where = f"{log} says what went wrong." if log.exists() else "The terminal says what went wrong."
        values = {"message": f"The {kind.name} ended by a fault of the program.", "hint": where}
        raise
    finally:
        files.remove(registry, work.work_id)
        if state == FINISHED or not recovery.end_as_published(registry, kind, work.work_id):
            rows.end(registry, work.work_id, state, **values)


def _commit(registry: Registry, work_id: str) -> None:
    """Commit the work to git; a commit that fails is left to the app or the doctor, as the registry has the work."""
    rows.note(registry, work_id, what="committing", done=0, total=0)
    try:
        commit_pending(registry)
    except Exception:
        _LOGGER.exception("%s waits for its commit", work_id)


if __name__ == "__main__":
    main(sys.argv[1:])
