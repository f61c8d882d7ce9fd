"""Write what raters did into their tables, in batches: one change and one commit for a stretch of work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, func, select

from registry import layout
from registry.canon import tsv_bytes
from registry.errors import CohortiumError, StorageError
from registry.projection import quality
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import File, QualityAction

_TRIES = 20
_AT_MOST = 6
"""Somebody who never rests is written after so many times the rest."""


class _Overtaken(CohortiumError):
    """Another process wrote the table between our reading and our writing."""


@dataclass(frozen=True)
class _Batch:
    """A rater's table as it should be: all actions in order, how many of them are new, checksum of the table now."""

    rater: str
    actions: tuple[QualityAction, ...]
    n_waiting: int
    base: str | None

    @property
    def path(self) -> str:
        return layout.quality_table(self.rater)


def file_waiting(registry: Registry, rested_s: float = 0) -> list[str]:
    """Write the waiting actions of every rater, or of those who rest, and return these raters.

    Args:
        registry: where.
        rested_s: wait until a rater has done nothing for so many seconds; 0 writes everything.

    Raises:
        CohortiumError: a table was edited by hand, the disk refused, others keep writing; what waits goes on waiting.
    """
    due, failed = _due(registry, rested_s), []
    for rater in due:
        try:
            _file(registry, rater)
        except CohortiumError as error:
            failed.append(error)  # the other raters' tables are written all the same
    if failed:
        raise failed[0]
    return due


def _due(registry: Registry, rested_s: float) -> list[str]:
    first, last = func.min(QualityAction.at), func.max(QualityAction.at)
    wanted = select(QualityAction.rater_id).where(col(QualityAction.waiting)).group_by(QualityAction.rater_id)
    if rested_s:
        wanted = wanted.having((last <= _ago(rested_s)) | (first <= _ago(rested_s * _AT_MOST)))
    with registry.reading() as session:
        return sorted(session.exec(wanted))


def _ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _file(registry: Registry, rater: str) -> None:
    for _ in range(_TRIES):
        batch = _read(registry, rater)
        if not batch.n_waiting:
            return
        undone = sum(action.waiting and action.undoes is not None for action in batch.actions)
        facts = {"rater": rater, "actions": batch.n_waiting, "undone": undone}
        what = f"Quality check by {rater}: {batch.n_waiting} action{'s' * (batch.n_waiting > 1)}"
        change = Change("quality", what, facts, actor=rater, replaces=frozenset({batch.path}))
        try:
            publish(registry, change, _writer(batch), check=_unchanged(registry, batch))
        except _Overtaken:
            continue
        return
    raise StorageError(f"Others keep writing {layout.quality_table(rater)}.", "Try again in a moment.")


def _read(registry: Registry, rater: str) -> _Batch:
    wanted = select(QualityAction).where(QualityAction.rater_id == rater).order_by(col(QualityAction.number))
    with registry.reading() as session:
        actions = tuple(session.exec(wanted))
        return _Batch(rater, actions, sum(action.waiting for action in actions), _checksum(session, rater))


def _checksum(session: Session, rater: str) -> str | None:
    file = session.get(File, layout.quality_table(rater))
    return file.sha256 if file else None


def _writer(batch: _Batch) -> Callable[[Path], None]:
    def write(tree: Path) -> None:
        place = tree / batch.path
        place.parent.mkdir(parents=True)
        place.write_bytes(tsv_bytes(map(quality.table_row, batch.actions), quality.COLUMNS))

    return write


def _unchanged(registry: Registry, batch: _Batch) -> Callable[[Sequence[File]], None]:
    def check(_: Sequence[File]) -> None:
        with registry.reading() as session:
            if _checksum(session, batch.rater) != batch.base:
                raise _Overtaken("The table was written meanwhile.")

    return check
