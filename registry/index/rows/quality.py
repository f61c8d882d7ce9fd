"""Rows of a rater's table of the quality check, `code/registry/quality/<rater>.tsv`: every action, undone ones too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from registry.bids import places
from registry.tables import QualityAction, QualityVerdict
from registry.vocabulary.verdicts import Verdict

COLUMNS = ("at", "image", "sha256", "verdict", "artifacts", "comment", "action", "undoes")


def actions(rater: str, rows: Sequence[Mapping[str, Any]]) -> list[QualityAction]:
    """The actions of a table in order; a row without an image or with an unknown verdict is left out."""
    known = [row for row in rows if row.get("image") and row.get("verdict") in (None, *Verdict)]
    return [
        QualityAction(
            rater_id=rater,
            number=number,
            action_id=row.get("action") or f"row{number}",
            at=row.get("at") or "",
            image_path=row["image"],
            sha256=row.get("sha256"),
            verdict=row.get("verdict"),
            artifacts=row.get("artifacts"),
            comment=row.get("comment"),
            undoes=row.get("undoes"),
        )
        for number, row in enumerate(known, start=1)
    ]


def table_row(action: QualityAction) -> dict[str, Any]:
    """The row of a rater's table for an action."""
    values = action.model_dump()
    return {
        "image": action.image_path,
        "action": action.action_id,
        **{name: values[name] for name in COLUMNS if name in values},
    }


def verdicts(actions: Iterable[QualityAction]) -> list[QualityVerdict]:
    """The verdicts after these actions of one rater: for each image the values of its last action."""
    last = {action.image_path: action for action in actions}
    return [standing for action in last.values() if (standing := verdict(action)) is not None]


def verdict(action: QualityAction) -> QualityVerdict | None:
    """The verdict after an action; None where the action took the only verdict back."""
    if action.verdict is None:
        return None
    shared = ("image_path", "rater_id", "verdict", "artifacts", "comment", "sha256", "at", "action_id")
    return QualityVerdict(
        subject_id=places.subject_of(action.image_path) or "", **action.model_dump(include=set(shared))
    )
