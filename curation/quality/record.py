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
    """What a rater says about one image.

    Attributes:
        image: its path.
        artifacts: codes or key numbers, in any order.
        comment: one line; empty is none.
        sha256: checksum of the image that the rater saw; None takes the image as it is now.
    """

    image: str
    verdict: Verdict
    artifacts: tuple[str, ...] = ()
    comment: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Undone:
    """An undo: the action that was taken back, and the one that did so, with what stands again for that image."""

    taken_back: QualityAction
    now: QualityAction


class Overtaken(CohortiumError):
    """The rater gave another verdict on this image meanwhile, in another window. `now` is that one."""

    def __init__(self, image: str, now: QualityVerdict | None) -> None:
        said = f"you said {now.verdict}" if now else "you took your verdict back"
        super().__init__(f"In another window {said}: {image}.", "That stands. Press the key again to change it.")
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
        registry: where.
        judgement: what is said.
        action: an id of the caller's; what was done under it already is not done again.
        expected: `action_id` of the verdict that the rater saw standing, None for none; left out, anything may stand.

    Raises:
        NotFound: no such image.
        UsageError: an unknown artifact, a comment of several lines or one that tells who or when, a rater's code that
            cannot name a file.
        Overtaken: something else than `expected` stands.
    """
    rater, row = actor(), _values(judgement)
    with registry.unit_of_work() as database:
        image = get_image(database, judgement.image)
        if known := _known(database, rater, action):
            return known
        standing = database.get(QualityVerdict, (image.path, rater))
        if expected is not ... and (standing.action_id if standing else None) != expected:
            raise Overtaken(judgement.image, standing)
        return _act(database, rater, action, **{**row, "sha256": row["sha256"] or image.sha256})


def undo(registry: Registry, *, action: str | None = None) -> Undone:
    """Take back the acting rater's last verdict that stands untaken; the history keeps both.

    Raises:
        UsageError: there is none.
    """
    rater = actor()
    with registry.unit_of_work() as database:
        if known := _known(database, rater, action):
            return Undone(database.exec(_mine(rater).where(QualityAction.action_id == known.undoes)).one(), known)
        last = _last(database, rater)
        earlier = _mine(rater).where(QualityAction.image_path == last.image_path, QualityAction.number < last.number)
        before = database.exec(earlier.order_by(col(QualityAction.number).desc())).first()
        stood = {name: getattr(before, name, None) for name in ("verdict", "artifacts", "comment", "sha256")}
        return Undone(last, _act(database, rater, action, image_path=last.image_path, undoes=last.action_id, **stood))


def _values(judgement: Judgement) -> dict[str, str | None]:
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


def _act(database: Session, rater: str, action: str | None, **values: Any) -> QualityAction:
    """Add the action and bring the verdict up to date."""
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
    """A rater's code names a file, so it must be one that every disk can keep beside the others."""
    require_code(rater, "rater's code")
    others = database.exec(select(QualityAction.rater_id).distinct())
    if alike := [other for other in others if other.casefold() == rater.casefold()]:
        raise UsageError(f"The raters {alike[0]} and {rater} differ only by case.", f"Set {ACTOR_ENVIRONMENT} to one.")


def _last(database: Session, rater: str) -> QualityAction:
    taken = select(QualityAction.undoes).where(QualityAction.rater_id == rater, col(QualityAction.undoes).is_not(None))
    left = _mine(rater).where(col(QualityAction.undoes).is_(None), col(QualityAction.action_id).not_in(taken))
    found = database.exec(left.order_by(col(QualityAction.number).desc())).first()
    if found is None:
        raise UsageError(f"{rater} has given no verdict that could be taken back.", "There is nothing to undo.")
    return found


def _known(database: Session, rater: str, action: str | None) -> QualityAction | None:
    return database.exec(_mine(rater).where(QualityAction.action_id == action)).first() if action else None


def _mine(rater: str) -> SelectOfScalar[QualityAction]:
    return select(QualityAction).where(QualityAction.rater_id == rater)
