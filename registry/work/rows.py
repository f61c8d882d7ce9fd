"""Rows of long work in this machine's database: how far each is, how it ended, who wants its end.

Whoever looks should ask `queue`, which first tells how work ended whose process is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select, update

from registry.errors import NotFound, UsageError
from registry.files.canonical import utc
from registry.store import Registry
from registry.tables import Work

WAITING, RUNNING = "waiting", "running"
FINISHED, FAILED, STOPPED, LOST = "finished", "failed", "stopped", "lost"
"""The ends; they stay. Lost is work whose process was killed, or went with the machine."""

UNDER_WAY = (WAITING, RUNNING)
"""States from which work goes on."""


def add(registry: Registry, work: Work, *, alone: bool = False) -> None:
    """Note that somebody wants a piece of work; `alone` refuses it while another one of its kind is under way.

    Raises:
        UsageError: another one is under way.
    """
    with registry.unit_of_work() as database:
        if alone:
            under_way = col(Work.kind) == work.kind, col(Work.state).in_(UNDER_WAY)
            other = database.exec(select(Work.title).where(*under_way)).first()
            if other is not None:
                raise UsageError(f"{other} is still under way.", "Wait until it has ended, or stop it.")
        database.add(work)


def begin_again(registry: Registry, work: Work) -> None:
    """Say that work goes on in a process that lives: work that is new, or that ended before it was done."""
    fresh = {"state": RUNNING, "message": None, "hint": None, "ended": None, "stop_asked": False, "started": now()}
    with registry.unit_of_work() as database:
        database.merge(Work(**{**work.model_dump(), **fresh}))


def get(registry: Registry, work_id: str) -> Work:
    """The work with this id.

    Raises:
        NotFound: no such work.
    """
    with registry.reading() as database:
        found = database.get(Work, work_id)
    if found is None:
        raise NotFound(f"There is no work '{work_id}'.", "List it with: cohortium work list")
    return found


def list_work(registry: Registry, kind: str | None = None, states: Sequence[str] = ()) -> Sequence[Work]:
    """Work of this machine, newest first; of one kind, and in these states, where they are named."""
    wanted = [col(Work.kind) == kind] if kind else []
    wanted += [col(Work.state).in_(states)] if states else []
    newest = col(Work.asked).desc(), col(Work.work_id).desc()
    with registry.reading() as database:
        return database.exec(select(Work).where(*wanted).order_by(*newest)).all()


def note(registry: Registry, work_id: str, *states: str, **values: Any) -> bool:
    """Change the row of work in one of these states (any that is no end); returns whether it is."""
    with registry.unit_of_work() as database:
        return change(database, work_id, *states, **values)


def change(database: Session, work_id: str, *states: str, **values: Any) -> bool:
    """As `note`, within a unit of work."""
    changing = update(Work).where(col(Work.work_id) == work_id, col(Work.state).in_(states or UNDER_WAY))
    return database.execute(changing.values(**values).returning(col(Work.work_id))).scalar() is not None


def end(registry: Registry, work_id: str, state: str, **values: Any) -> None:
    """Say how work ended; what was said before stays."""
    note(registry, work_id, state=state, ended=now(), **values)


def put_away(registry: Registry, kind: str) -> list[str]:
    """The ends of all work of a kind were seen; returns whose."""
    seen = col(Work.kind) == kind, col(Work.state).not_in(UNDER_WAY), col(Work.put_away).is_(False)
    with registry.unit_of_work() as database:
        changed = database.execute(update(Work).where(*seen).values(put_away=True).returning(col(Work.work_id)))
        return list(changed.scalars())


def now() -> str:
    """This moment: UTC, ISO 8601, seconds."""
    return utc(datetime.now(UTC))
