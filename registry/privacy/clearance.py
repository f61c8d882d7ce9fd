"""What people saw in images and no program decides: burned-in text and recognisable faces.

The file of record is `code/registry/privacy.tsv`: one row per unit and question, with the newest verdict; git and the
event log keep the earlier ones. Code that gives images to others asks here first: exports call `list_uncleared`,
assignments call `is_cleared`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import select

from registry.errors import NotFound
from registry.files.canonical import tsv_bytes
from registry.publishing import Change
from registry.publishing.table_rewrite import Draft, rewrite
from registry.store import Registry, actor
from registry.tables import File, Image
from registry.vocabulary.units import list_holders

Answers = Mapping[tuple[str, "Question"], "Answer"]

PRIVACY = "code/registry/privacy.tsv"
COLUMNS = ("unit", "question", "verdict", "reviewer")


class Question(StrEnum):
    """A question about a unit that a reviewer answers."""

    BURNED_IN_TEXT = "burned_in_text"
    """Is there text in the pixels?"""
    FACE = "face"
    """Could a face be made out, or rendered, from the voxels?"""


class Answer(StrEnum):
    """A reviewer's answer to a question."""

    CLEAR = "clear"
    """The reviewer looked, and it is not there."""
    PRESENT = "present"
    """It is there."""
    UNKNOWN = "unknown"
    """The reviewer looked and cannot say."""


_WORST = (Answer.PRESENT, Answer.UNKNOWN, None, Answer.CLEAR)
"""Answers from the worst to the best; None where nobody answered."""


@dataclass(frozen=True)
class PrivacyVerdict:
    """One answer about a unit (`sub-A000`, `sub-A000/ses-M00` or an image path), with the reviewer's code."""

    unit: str
    question: Question
    verdict: Answer
    reviewer: str


def record(registry: Registry, unit: str, question: Question, verdict: Answer) -> PrivacyVerdict:
    """Record the actor's answer, and return it; an earlier answer is replaced, and git keeps it.

    Args:
        registry: the registry.
        unit: `sub-A000`, `sub-A000/ses-M00` or the path of an image.
        question: the question that is answered.
        verdict: the answer.

    Raises:
        NotFound: the registry holds no such subject, session or image.
    """
    _require_known(registry, unit)
    made = PrivacyVerdict(unit, question, verdict, actor())
    facts = {"unit": unit, "question": question.value, "verdict": verdict.value}
    change = Change("privacy", f"Privacy of {unit}: {question.value} {verdict.value}", facts)

    def add() -> Draft:
        rows = {(item.unit, item.question): item for item in [*list_verdicts(registry), made]}
        return Draft(change, {PRIVACY: tsv_bytes([asdict(rows[key]) for key in sorted(rows)], COLUMNS)})

    rewrite(registry, PRIVACY, add)
    return made


def list_verdicts(registry: Registry) -> list[PrivacyVerdict]:
    """The newest verdict of each unit and question, sorted by them."""
    with registry.reading() as database:
        file = database.get(File, PRIVACY)
    rows: Sequence[dict[str, Any]] = file.facts.get("rows", []) if file else []
    return [
        PrivacyVerdict(row["unit"], Question(row["question"]), Answer(row["verdict"]), row["reviewer"]) for row in rows
    ]


def is_cleared(registry: Registry, unit: str) -> bool:
    """Whether both questions are answered `clear` for a unit, by its own verdict or by that of its session or subject.

    The verdict nearest to the unit counts: one image can be `present` in a session that is `clear`. A session or
    subject is not cleared while a verdict inside it is not `clear`. A question without an answer is not `clear`.
    """
    return not blockers(registry, unit)


def list_uncleared(registry: Registry, images: Iterable[str]) -> dict[str, Answer | None]:
    """Images that are not cleared, each with its worst answer; None where nobody answered."""
    answers = _read_answers(registry)
    found = {image: [_find_nearest(answers, image, question) for question in Question] for image in images}
    return {image: min(given, key=_WORST.index) for image, given in found.items() if set(given) != {Answer.CLEAR}}


def blockers(registry: Registry, unit: str) -> dict[Question, Answer | None]:
    """The questions that keep a unit from being cleared, each with its answer; None where nobody answered."""
    answers = _read_answers(registry)
    found: dict[Question, Answer | None] = {}
    for question in Question:
        inside = [
            answer for (name, about), answer in answers.items() if about is question and name.startswith(f"{unit}/")
        ]
        worst = next(
            (answer for answer in inside if answer is not Answer.CLEAR), _find_nearest(answers, unit, question)
        )
        if worst is not Answer.CLEAR:
            found[question] = worst
    return found


def _read_answers(registry: Registry) -> Answers:
    return {(item.unit, item.question): item.verdict for item in list_verdicts(registry)}


def _find_nearest(answers: Answers, unit: str, question: Question) -> Answer | None:
    return next((answers[holder, question] for holder in list_holders(unit) if (holder, question) in answers), None)


def _require_known(registry: Registry, unit: str) -> None:
    columns = (Image.path, Image.session_key, Image.subject_id)
    with registry.reading() as database:
        if not any(database.exec(select(Image.path).where(column == unit).limit(1)).first() for column in columns):
            raise NotFound(
                f"The registry holds no subject, session or image '{unit}'.",
                "Write sub-A000, sub-A000/ses-M00, or the path of an image.",
            )
