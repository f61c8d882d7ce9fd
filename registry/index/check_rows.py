"""Keep the rows of the checks equal to their files of record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session, col, delete

from registry.bids import places
from registry.database import bulk
from registry.index.rows.checks import check_rows
from registry.tables import Acknowledgement, CheckFinding, File, ImageMeasures


def refresh(session: Session, paths: Iterable[str]) -> None:
    """Replace the rows of every file of the checks that is among `paths`."""
    for path in sorted(path for path in paths if path.startswith(f"{places.CHECKS}/")):
        _forget(session, path)
        if (file := session.get(File, path)) is not None:
            bulk.insert(session, check_rows(file))
            session.expunge(file)


def clear(session: Session) -> None:
    """Forget every row."""
    for table in (ImageMeasures, CheckFinding, Acknowledgement):
        session.execute(delete(table))


def _forget(session: Session, path: str) -> None:
    if subject := places.measured_subject(path):
        session.execute(delete(ImageMeasures).where(col(ImageMeasures.subject_id) == subject))
    tables: dict[str, Any] = {places.CHECK_FINDINGS: CheckFinding, places.ACKNOWLEDGED: Acknowledgement}
    if path in tables:
        session.execute(delete(tables[path]))
