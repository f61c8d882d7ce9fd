"""Rows of long work in this machine's database: its progress, how it ended, and whether it is to stop.

Pages and commands read work through `queue`, which first records how work ended whose process died.
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
"""States of work that has ended. `lost` is work whose process was killed, or whose machine went off."""

UNDER_WAY = (WAITING, RUNNING)
"""States of work that has not ended."""


def add(registry: Registry, work: Work, *, alone: bool = False) -> None:
    """Add the row of a piece of work.

    Args:
        registry: the registry.
        work: the work.
        alone: refuse it while another piece of its kind is under way.

    Raises:
        UsageError: another piece is under way.
    """
    with registry.unit_of_work() as database:
        if alone:
            under_way = col(Work.kind) == work.kind, col(Work.state).in_(UNDER_WAY)
            other = database.exec(select(Work.title).where(*under_way)).first()
            if other is not None:
                raise UsageError(f"{other} is still under way.", "Wait until it has ended, or stop it.")
        database.add(work)


def begin_again(registry: Registry, work: Work) -> None:
    """Record that work runs: new work, or work that ended before it was done."""
    fresh = {"state": RUNNING, "message": None, "hint": None, "ended": None, "stop_asked": False, "started": now()}
    with registry.unit_of_work() as database:
        database.merge(Work(**{**work.model_dump(), **fresh}))


def get(registry: Registry, work_id: str) -> Work:
    """The work with this id.

    Raises:
        NotFound: there is no such work.
    """
    with registry.reading() as database:
        found = database.get(Work, work_id)
    if found is None:
        raise NotFound(f"There is no work '{work_id}'.", "List it with: cohortium work list")
    return found


def list_work(registry: Registry, kind: str | None = None, states: Sequence[str] = ()) -> Sequence[Work]:
    """Work of this machine, newest first.

    Args:
        registry: the registry.
        kind: the kind of the work that is listed; None lists all.
        states: the states of the work that is listed; empty lists all.
    """
    wanted = [col(Work.kind) == kind] if kind else []
    wanted += [col(Work.state).in_(states)] if states else []
    newest = col(Work.asked).desc(), col(Work.work_id).desc()
    with registry.reading() as database:
        return database.exec(select(Work).where(*wanted).order_by(*newest)).all()


def note(registry: Registry, work_id: str, *states: str, **values: Any) -> bool:
    """Change the row of a piece of work that is in one of some states; returns whether it was.

    Args:
        registry: the registry.
        work_id: id of the work.
        states: states that are allowed; none given allows those of work that has not ended.
        values: column to new value.
    """
    with registry.unit_of_work() as database:
        return change(database, work_id, *states, **values)


def change(database: Session, work_id: str, *states: str, **values: Any) -> bool:
    """Do what `note` does, inside the caller's unit of work.

    Args:
        database: the unit of work.
        work_id: as in `note`.
        states: as in `note`.
        values: as in `note`.
    """
    changing = update(Work).where(col(Work.work_id) == work_id, col(Work.state).in_(states or UNDER_WAY))
    return database.execute(changing.values(**values).returning(col(Work.work_id))).scalar() is not None


def end(registry: Registry, work_id: str, state: str, **values: Any) -> None:
    """Record how work ended; a row that says so already is not changed.

    Args:
        registry: the registry.
        work_id: id of the work.
        state: one of the ends.
        values: column to new value, such as `message` and `hint`.
    """
    note(registry, work_id, state=state, ended=now(), **values)


def put_away(registry: Registry, kind: str) -> list[str]:
    """Mark all ended work of a kind as put away; returns the ids of those that were not yet."""
    ended = col(Work.kind) == kind, col(Work.state).not_in(UNDER_WAY), col(Work.put_away).is_(False)
    with registry.unit_of_work() as database:
        changed = database.execute(update(Work).where(*ended).values(put_away=True).returning(col(Work.work_id)))
        return list(changed.scalars())


def now() -> str:
    """This moment: UTC, ISO 8601, seconds."""
    return utc(datetime.now(UTC))
