"""Record how work ended whose process died: it was killed, or its machine went off.

`queue` does this whenever it reads work, so no row says for ever that work is under way.
"""

from __future__ import annotations

import logging
import shutil

from sqlmodel import col, select

from registry import publishing
from registry.files import locks
from registry.store import Registry
from registry.tables import Event, Intent, Work
from registry.work import files, kinds, rows
from registry.work.kinds import Kind
from registry.work.rows import FINISHED, LOST, RUNNING, WAITING

_LOGGER = logging.getLogger(__name__)


def settle(registry: Registry) -> None:
    """Record how dead work ended, and remove its private inputs."""
    for work in rows.list_work(registry, states=(RUNNING,)):
        if not files.is_alive(registry, work.work_id):
            _end_dead(registry, work)
    if held := files.list_held(registry):
        waiting = {work.work_id for work in rows.list_work(registry, states=(WAITING,))}
        for work_id in held:
            if work_id not in waiting and not files.is_alive(registry, work_id):
                files.remove(registry, work_id)
    shutil.rmtree(registry.local / "imports", ignore_errors=True)  # private files of a version that kept them there


def end_as_published(registry: Registry, kind: Kind, work_id: str) -> bool:
    """Record the work as finished where an event of the registry names it; returns whether one does.

    Args:
        registry: the registry.
        kind: the work's kind; without `Kind.event` no event names the work.
        work_id: id of the work.
    """
    if kind.event is None:
        return False
    named = col(Event.payload)[kind.event].as_string() == work_id
    with registry.reading() as database:
        event = database.exec(select(Event).where(col(Event.kind) == kind.event, named)).first()
    if event is None:
        return False
    rows.end(registry, work_id, FINISHED, result=kind.result(event))
    return True


def _end_dead(registry: Registry, work: Work) -> None:
    """Complete or take back the change that dead work had begun, then record how the work ended.

    While another process writes, nothing is done, so that no page hangs; a later call does it.
    """
    if locks.is_held(registry, "write"):
        return
    with locks.lock(registry, "write"):
        _recover_changes(registry)
    again = "Start it again."
    try:
        kind = kinds.load(work.program)
        again = kind.again.format(id=work.work_id)
        published = end_as_published(registry, kind, work.work_id)
    except (ImportError, AttributeError):
        _LOGGER.warning("%s is not installed, so nobody knows what became of %s", work.program, work.work_id)
        published = False
    if not published:
        message = f"The {work.kind} ended before it was done, because its process was killed or the machine went off."
        rows.end(registry, work.work_id, LOST, message=message, hint=again)
    files.close(registry, work.work_id)


def _recover_changes(registry: Registry) -> None:
    """Finish or undo the changes of dead processes, as `doctor` does, because a staged delivery can be large."""
    with registry.reading() as database:
        intents = database.exec(select(Intent).where(col(Intent.state).in_(("staging", "staged")))).all()
    for intent in intents:
        if not publishing.is_alive(registry, intent.intent_id):
            publishing.recover(registry, intent)
