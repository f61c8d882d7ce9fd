"""Keep the rows of the checks and of the quality check equal to their files of record.

Actions of a rater that still wait to be written into the rater's table stay too, after those of the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, delete, select

from registry.bids import places
from registry.database import bulk
from registry.index.rows import quality
from registry.index.rows.checks import check_rows
from registry.tables import Acknowledgement, CheckFinding, File, ImageMeasures, QualityAction, QualityVerdict


def refresh(database: Session, paths: Iterable[str]) -> None:
    """Replace the rows of every file of the checks, and of every rater's table, that is among `paths`."""
    paths = sorted(paths)
    for path in paths:
        if path.startswith(f"{places.CHECKS}/"):
            _delete_rows(database, path)
            if (file := database.get(File, path)) is not None:
                bulk.insert(database, check_rows(file))
                database.expunge(file)
    for rater in sorted({rater for path in paths if (rater := places.quality_rater(path))}):
        _replace(database, rater)


def clear_checks(database: Session) -> None:
    """Delete every row of the checks."""
    for table in (ImageMeasures, CheckFinding, Acknowledgement):
        database.execute(delete(table))


def clear_quality(database: Session) -> None:
    """Forget every verdict of a file, once the files are forgotten; waiting actions stay, and their verdicts count."""
    waiting = database.exec(select(QualityAction.rater_id).where(col(QualityAction.waiting)).distinct()).all()
    database.execute(delete(QualityVerdict))
    database.execute(delete(QualityAction).where(~col(QualityAction.waiting)))
    for rater in sorted(waiting):
        _replace(database, rater)


def _delete_rows(database: Session, path: str) -> None:
    if subject := places.measured_subject(path):
        database.execute(delete(ImageMeasures).where(col(ImageMeasures.subject_id) == subject))
    tables: dict[str, Any] = {places.CHECK_FINDINGS: CheckFinding, places.ACKNOWLEDGED: Acknowledgement}
    if path in tables:
        database.execute(delete(tables[path]))


def _replace(database: Session, rater: str) -> None:
    file = database.get(File, places.quality_table(rater))
    filed = quality.actions(rater, file.facts["rows"]) if file else []
    known = {action.action_id for action in filed}
    wanted = select(QualityAction).where(QualityAction.rater_id == rater, col(QualityAction.waiting))
    waiting = [item.model_dump() for item in database.exec(wanted.order_by(col(QualityAction.number)))]
    left = [QualityAction(**item) for item in waiting if item["action_id"] not in known]
    for number, action in enumerate(left, start=len(filed) + 1):
        action.number = number
    database.expunge_all()
    for table in (QualityAction, QualityVerdict):
        database.execute(delete(table).where(col(table.rater_id) == rater))
    bulk.insert(database, [*filed, *left, *quality.verdicts([*filed, *left])])
