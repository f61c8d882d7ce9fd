"""Keep the rows of the quality check equal to the raters' tables and to what still waits to be written there."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, delete, select

from registry.bids import places
from registry.database import bulk
from registry.index.rows import quality
from registry.tables import File, QualityAction, QualityVerdict


def refresh(session: Session, paths: Iterable[str]) -> None:
    """Replace the rows of the raters whose tables are among `paths`.

    An action that waits and is not in its rater's table yet stays, after those that are.
    """
    for rater in sorted({rater for path in paths if (rater := places.quality_rater(path))}):
        _replace(session, rater)


def clear(session: Session) -> None:
    """Forget every row that is computed from files, when these are forgotten already; what waits stays, and counts."""
    waiting = session.exec(select(QualityAction.rater_id).where(col(QualityAction.waiting)).distinct()).all()
    session.execute(delete(QualityVerdict))
    session.execute(delete(QualityAction).where(~col(QualityAction.waiting)))
    for rater in sorted(waiting):
        _replace(session, rater)


def _replace(session: Session, rater: str) -> None:
    file = session.get(File, places.quality_table(rater))
    filed = quality.actions(rater, file.facts["rows"]) if file else []
    known = {action.action_id for action in filed}
    mine = select(QualityAction).where(QualityAction.rater_id == rater, col(QualityAction.waiting))
    waiting = [item.model_dump() for item in session.exec(mine.order_by(col(QualityAction.number)))]
    left = [QualityAction(**item) for item in waiting if item["action_id"] not in known]
    for number, action in enumerate(left, start=len(filed) + 1):
        action.number = number
    session.expunge_all()
    for table in (QualityAction, QualityVerdict):
        session.execute(delete(table).where(col(table.rater_id) == rater))
    bulk.insert(session, [*filed, *left, *quality.verdicts([*filed, *left])])
