"""Give a verdict, or take the last one back: one short transaction, no file and no commit."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from types import EllipsisType
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from registry.errors import CohortiumError, InvalidInput, UsageError
from registry.files.canonical import MISSING, utc
from registry.index.by_path import get_image
from registry.index.rows import quality as projection
from registry.privacy.free_text import require_impersonal
from registry.store import ACTOR_ENVIRONMENT, Registry, actor
from registry.tables import QualityAction, QualityVerdict
from registry.vocabulary.codes import require_code
from registry.vocabulary.verdicts import Verdict, artifacts_of

_CHECKSUM = re.compile(r"[0-9a-f]{64}")
_LONGEST = 500


@dataclass(frozen=True)
class Judgement:
    """A rater's verdict on one image, before it is recorded.

    Attributes:
        image: the image's path.
        artifacts: codes or key numbers, in any order.
        comment: one line; an empty one is None.
        sha256: checksum of the image that the rater saw; None takes the image as it is now.
    """

    image: str
    verdict: Verdict
    artifacts: tuple[str, ...] = ()
    comment: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Undone:
    """An undo: the action that was taken back, and the action `now` that restored the verdict before it."""

    taken_back: QualityAction
    now: QualityAction


class Overtaken(CohortiumError):
    """The rater changed the verdict on this image meanwhile in another window; `now` is the verdict that stands."""

    def __init__(self, image: str, now: QualityVerdict | None) -> None:
        change = f"you said {now.verdict}" if now else "you took your verdict back"
        super().__init__(f"In another window {change}: {image}.", "That stands. Press the key again to change it.")
        self.now = now


def record(
    registry: Registry,
    judgement: Judgement,
    *,
    action: str | None = None,
    expected: str | EllipsisType | None = ...,
) -> QualityAction:
    """Record the verdict of the acting rater; an earlier one of the same rater on this image is replaced.

    Args:
        registry: the registry to change.
        judgement: the verdict to record.
        action: an id that the caller chose; an action with this id is recorded once, however often it is sent.
        expected: `action_id` of the verdict that the rater saw, None for no verdict; left out, any verdict may stand.

    Raises:
        NotFound: there is no such image.
        UsageError: an unknown artifact, a comment of several lines or one that tells who or when, a rater's code that
            cannot name a file.
        Overtaken: another verdict than `expected` stands.
    """
    rater, row = actor(), _check(judgement)
    with registry.unit_of_work() as database:
        image = get_image(database, judgement.image)
        if known := _find_action(database, rater, action):
            return known
        standing = database.get(QualityVerdict, (image.path, rater))
        if expected is not ... and (standing.action_id if standing else None) != expected:
            raise Overtaken(judgement.image, standing)
        return _add_action(database, rater, action, **{**row, "sha256": row["sha256"] or image.sha256})


def undo(registry: Registry, *, action: str | None = None) -> Undone:
    """Take back the acting rater's last verdict that was not taken back yet; the history keeps both actions.

    Raises:
        UsageError: there is no such verdict.
    """
    rater = actor()
    with registry.unit_of_work() as database:
        if known := _find_action(database, rater, action):
            return Undone(
                database.exec(_select_actions(rater).where(QualityAction.action_id == known.undoes)).one(), known
            )
        last = _find_last(database, rater)
        earlier = _select_actions(rater).where(
            QualityAction.image_path == last.image_path, QualityAction.number < last.number
        )
        # The verdict before it on the same image stands again: the values of that action, or none.
        before = database.exec(earlier.order_by(col(QualityAction.number).desc())).first()
        stood = {name: getattr(before, name, None) for name in ("verdict", "artifacts", "comment", "sha256")}
        return Undone(
            last, _add_action(database, rater, action, image_path=last.image_path, undoes=last.action_id, **stood)
        )


def _check(judgement: Judgement) -> dict[str, str | None]:
    comment = (judgement.comment or "").strip()
    if not comment.isprintable() or len(comment) > _LONGEST:
        raise UsageError(f"The comment is more than one line of {_LONGEST} characters.", "Shorten it.")
    require_impersonal(comment, "comment")
    if judgement.sha256 is not None and not _CHECKSUM.fullmatch(judgement.sha256):
        raise InvalidInput("The image's checksum is no SHA-256.", "Load the page again.")
    return {
        "image_path": judgement.image,
        "sha256": judgement.sha256,
        "verdict": Verdict(judgement.verdict).value,
        "artifacts": ",".join(artifacts_of(judgement.artifacts)) or None,
        "comment": comment if comment not in ("", MISSING) else None,
    }


def _add_action(database: Session, rater: str, action: str | None, **values: Any) -> QualityAction:
    """Add the action and bring the standing verdict up to date."""
    number = database.exec(select(func.max(QualityAction.number)).where(QualityAction.rater_id == rater)).one()
    if number is None:
        _require_new(database, rater)
    done = QualityAction(
        rater_id=rater,
        number=(number or 0) + 1,
        action_id=action or secrets.token_hex(8),
        at=utc(datetime.now(UTC)),
        waiting=True,
        **values,
    )
    database.add(done)
    standing = projection.verdict(done)
    if standing is not None:
        database.merge(standing)
    elif held := database.get(QualityVerdict, (done.image_path, rater)):
        database.delete(held)
    return done


def _require_new(database: Session, rater: str) -> None:
    """Refuse a new rater whose code cannot name a file beside those of the other raters on every disk."""
    require_code(rater, "rater's code")
    others = database.exec(select(QualityAction.rater_id).distinct())
    if alike := [other for other in others if other.casefold() == rater.casefold()]:
        raise UsageError(f"The raters {alike[0]} and {rater} differ only by case.", f"Set {ACTOR_ENVIRONMENT} to one.")


def _find_last(database: Session, rater: str) -> QualityAction:
    taken = select(QualityAction.undoes).where(QualityAction.rater_id == rater, col(QualityAction.undoes).is_not(None))
    left = _select_actions(rater).where(col(QualityAction.undoes).is_(None), col(QualityAction.action_id).not_in(taken))
    found = database.exec(left.order_by(col(QualityAction.number).desc())).first()
    if found is None:
        raise UsageError(f"{rater} has given no verdict that could be taken back.", "There is nothing to undo.")
    return found


def _find_action(database: Session, rater: str, action: str | None) -> QualityAction | None:
    return database.exec(_select_actions(rater).where(QualityAction.action_id == action)).first() if action else None


def _select_actions(rater: str) -> SelectOfScalar[QualityAction]:
    return select(QualityAction).where(QualityAction.rater_id == rater)
