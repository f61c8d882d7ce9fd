"""Imports that the app started, as rows of this machine's database: how far each is, how it ended, who wants its end.

Whoever looks should ask `curation.imports.background.queue`, which first tells how those ended whose process is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from sqlmodel import col, select, update

from curation.imports.delivery import EVENT_KEY
from registry.bids import places
from registry.errors import NotFound, UsageError
from registry.files.canonical import utc
from registry.store import Registry
from registry.tables import Event, ImportWork

QUEUED, RUNNING, FINISHED, FAILED, STOPPED = "queued", "running", "finished", "failed", "stopped"
UNDER_WAY = (QUEUED, RUNNING)
"""States from which an import goes on by itself; the others are its end and stay."""

UNCHANGED = "The registry is as it was."
"""True of every import that failed or was stopped."""


def add(registry: Registry, work: ImportWork) -> None:
    """Note that somebody wants an import.

    Raises:
        UsageError: another one is under way.
    """
    with registry.unit_of_work() as session:
        other = session.exec(select(ImportWork.source).where(col(ImportWork.state).in_(UNDER_WAY))).first()
        if other is not None:
            raise UsageError(f"The import of {other} is still under way.", "Wait until it has ended, or stop it.")
        session.add(work)


def get(registry: Registry, import_id: str) -> ImportWork:
    """The import with this id.

    Raises:
        NotFound: no such import.
    """
    with registry.reading() as session:
        found = session.get(ImportWork, import_id)
    if found is None:
        raise NotFound(f"There is no import '{import_id}'.", "List them with: cohortium imports list")
    return found


def listed(registry: Registry) -> Sequence[ImportWork]:
    """Every import that the app started on this machine, newest first."""
    with registry.reading() as session:
        return session.exec(select(ImportWork).order_by(col(ImportWork.import_id).desc())).all()


def under_way(registry: Registry) -> Sequence[str]:
    """Ids of the imports whose rows tell no end."""
    with registry.reading() as session:
        return session.exec(select(ImportWork.import_id).where(col(ImportWork.state).in_(UNDER_WAY))).all()


def note(registry: Registry, import_id: str, **values: Any) -> bool:
    """Change the row of an import that is under way; returns whether it is."""
    changing = update(ImportWork).where(col(ImportWork.import_id) == import_id, col(ImportWork.state).in_(UNDER_WAY))
    with registry.unit_of_work() as session:
        changed = session.execute(changing.values(**values).returning(col(ImportWork.import_id)))
        return changed.scalar() is not None


def end(registry: Registry, import_id: str, state: str, **values: Any) -> None:
    """Say how an import ended; what was said before stays."""
    note(registry, import_id, state=state, ended=now(), **values)


def end_as_published(registry: Registry, import_id: str) -> bool:
    """Say that an import is in the registry, if it is: an event names it. Returns whether it is."""
    with registry.reading() as session:
        named = col(Event.payload)[EVENT_KEY].as_string() == import_id
        event = session.exec(select(Event).where(col(Event.kind) == "import", named)).first()
    if event is None:
        return False
    reports = (PurePosixPath(path).stem for path in event.payload["files"] if path.startswith(f"{places.IMPORTS}/"))
    end(registry, import_id, FINISHED, report=next(reports, None))
    return True


def put_away(registry: Registry) -> None:
    """The ends of all imports were seen."""
    seen = update(ImportWork).where(col(ImportWork.state).not_in(UNDER_WAY), col(ImportWork.put_away).is_(False))
    with registry.unit_of_work() as session:
        session.execute(seen.values(put_away=True))


def now() -> str:
    """This moment: UTC, ISO 8601, seconds."""
    return utc(datetime.now(UTC))
