"""The process of one piece of work, `python -m registry.work.process ROOT ID`; its answers stand in the row.

It holds a lock for as long as it lives, so that one that was killed is never taken for one at work.
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
"""The command that does a piece of work; the registry's root and the work's id follow."""


def launch(registry: Registry, work: Work, descriptor: int) -> subprocess.Popen[bytes]:
    """Start the process in a session of its own, so that neither the end of the app nor Ctrl+C there reaches it.

    Args:
        registry: whose work.
        work: its row is written already.
        descriptor: the work's lock, held open (`locks.lent`), so that there is no moment in which it looks dead.
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
    threading.Thread(target=process.wait, daemon=True).start()  # while the app lives, it leaves no zombie
    return process


def main(arguments: Sequence[str]) -> None:
    """Entry point: do the work whose row has this id. SIGTERM ends it as somebody's wish to stop does."""
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
            except (CohortiumError, KeyboardInterrupt):  # the row says it
                pass
            except Exception:
                _LOGGER.exception("%s ended by a fault of the program", work.title)
    files.close(registry, work_id)


def do_here(registry: Registry, work: Work, progress: Progress | None = None) -> None:
    """Do a piece of work in this process: new work, or work that ended before it was done. Errors come out as they are.

    Args:
        registry: whose work.
        work: what is to be done; its row is written here.
        progress: told beside the row.

    Raises:
        UsageError: its process lives.
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
    """Do the work, and say in the row how it ended; nothing that was handed over stays.

    Raises:
        BaseException: whatever ended the work before it was done; the row says so already.
    """
    state, known = FAILED, dict[str, Any]()
    try:
        result = kind.perform(registry, work, progress)
        if kind.event is not None:
            _commit(registry, work.work_id)
        state, known = FINISHED, {"result": result, "done": 1, "total": 1}
    except Stopped as stopped:
        state, known = STOPPED, {"message": stopped.message}
        raise
    except KeyboardInterrupt:
        state, known = STOPPED, {"message": kind.stopped.format(id=work.work_id)}
        raise
    except CohortiumError as error:
        known = {"message": error.message, "hint": error.hint}
        raise
    except BaseException:
        log = files.log(registry, work.work_id)
        where = f"What went wrong stands in {log}." if log.exists() else "The terminal says what went wrong."
        known = {"message": f"The {kind.name} ended by a fault of the program.", "hint": where}
        raise
    finally:
        files.remove(registry, work.work_id)
        if state == FINISHED or not recovery.end_as_published(registry, kind, work.work_id):
            rows.end(registry, work.work_id, state, **known)


def _commit(registry: Registry, work_id: str) -> None:
    """Put the work into git. Where that fails, it waits for the app or the doctor: it is in the registry already."""
    rows.note(registry, work_id, what="committing", done=0, total=0)
    try:
        commit_pending(registry)
    except Exception:
        _LOGGER.exception("%s waits for its commit", work_id)


if __name__ == "__main__":
    main(sys.argv[1:])
