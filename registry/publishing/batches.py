"""Write the raters' actions into their tables, in batches: one change and one commit for a stretch of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlmodel import col, func, select

from registry.bids import places
from registry.errors import CohortiumError
from registry.files.canonical import tsv_bytes, utc
from registry.index.rows import quality
from registry.publishing import Change
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import Registry
from registry.tables import QualityAction
from registry.vocabulary.display import format_count

_LONGEST_WAIT = 6
"""The actions of a rater who never rests are written after this many times `rested_s`."""


def file_waiting(registry: Registry, rested_s: float = 0) -> list[str]:
    """Write the waiting actions of every rater who rests, and return these raters.

    Args:
        registry: the registry.
        rested_s: seconds without an action after which a rater rests; 0 writes the actions of everybody.

    Raises:
        CohortiumError: a table was edited by hand, the disk failed, or others keep writing. Its actions still wait.
    """
    due, failed = _list_due(registry, rested_s), []
    for rater in due:
        try:
            _write_table(registry, rater)
        except CohortiumError as error:
            failed.append(error)  # the other raters' tables are written all the same
    if failed:
        raise failed[0]
    return due


def _list_due(registry: Registry, rested_s: float) -> list[str]:
    first, last = func.min(QualityAction.at), func.max(QualityAction.at)
    wanted = select(QualityAction.rater_id).where(col(QualityAction.waiting)).group_by(QualityAction.rater_id)
    if rested_s:
        wanted = wanted.having((last <= _format_ago(rested_s)) | (first <= _format_ago(rested_s * _LONGEST_WAIT)))
    with registry.reading() as database:
        return sorted(database.exec(wanted))


def _format_ago(seconds: float) -> str:
    return utc(datetime.now(UTC) - timedelta(seconds=seconds))


def _write_table(registry: Registry, rater: str) -> None:
    rewrite(registry, places.quality_table(rater), lambda: _draft(rater, _list_actions(registry, rater)))


def _list_actions(registry: Registry, rater: str) -> Sequence[QualityAction]:
    wanted = select(QualityAction).where(QualityAction.rater_id == rater).order_by(col(QualityAction.number))
    with registry.reading() as database:
        return database.exec(wanted).all()


def _draft(rater: str, actions: Sequence[QualityAction]) -> Draft | None:
    """The rater's table with all actions in order; None where none of them waits."""
    waiting = [action for action in actions if action.waiting]
    if not waiting:
        return None
    facts = {"rater": rater, "actions": len(waiting), "undone": sum(action.undoes is not None for action in waiting)}
    change = Change("quality", f"Quality check by {rater}: {format_count(len(waiting), 'action')}", facts, actor=rater)
    return Draft(change, {places.quality_table(rater): tsv_bytes(map(quality.table_row, actions), quality.COLUMNS)})
