"""What people saw in images that no program decides: burned-in text and recognisable faces.

The file of record is `code/registry/privacy.tsv`: one row per unit and question, the newest verdict; git and the event
log keep the earlier ones. Whoever gives images to others asks first: an export `list_uncleared`, an assignment
`is_cleared`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session, select

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
    """What a reviewer is asked about a unit."""

    BURNED_IN_TEXT = "burned_in_text"
    """Is there text in the pixels?"""
    FACE = "face"
    """Could a face be made out, or rendered, from the voxels?"""


class Answer(StrEnum):
    """What a reviewer says."""

    CLEAR = "clear"
    """Looked, and it is not there."""
    PRESENT = "present"
    """It is there."""
    UNKNOWN = "unknown"
    """Looked, and cannot say."""


_WORST = (Answer.PRESENT, Answer.UNKNOWN, None, Answer.CLEAR)


@dataclass(frozen=True)
class Verdict:
    """One answer: about `sub-A000`, `sub-A000/ses-M00` or the path of an image, by a reviewer's code."""

    unit: str
    question: Question
    verdict: Answer
    reviewer: str


def record(registry: Registry, unit: str, question: Question, verdict: Answer) -> Verdict:
    """Record what the actor saw; an earlier answer to the same question is replaced, and stays in history.

    Raises:
        NotFound: the registry holds no such subject, session or image.
    """
    _require_known(registry, unit)
    made = Verdict(unit, question, verdict, actor())
    facts = {"unit": unit, "question": question.value, "verdict": verdict.value}
    change = Change("privacy", f"Privacy of {unit}: {question.value} {verdict.value}", facts)

    def add() -> Draft:
        rows = {(item.unit, item.question): item for item in [*list_verdicts(registry), made]}
        return Draft(change, {PRIVACY: tsv_bytes([asdict(rows[key]) for key in sorted(rows)], COLUMNS)})

    rewrite(registry, PRIVACY, add)
    return made


def list_verdicts(registry: Registry) -> list[Verdict]:
    """Every verdict that holds, by unit and question."""
    with registry.reading() as database:
        file = database.get(File, PRIVACY)
    rows: Sequence[dict[str, Any]] = file.facts.get("rows", []) if file else []
    return [Verdict(row["unit"], Question(row["question"]), Answer(row["verdict"]), row["reviewer"]) for row in rows]


def is_cleared(registry: Registry, unit: str) -> bool:
    """Whether both questions are answered `clear` for a unit, by its own verdict or by that of its session or subject.

    The verdict nearest to the unit counts: one image can be `present` in a session that is `clear`. Before a whole
    session or subject is cleared, no verdict inside it may say otherwise. No answer is not `clear`.
    """
    return not blockers(registry, unit)


def list_uncleared(registry: Registry, images: Iterable[str]) -> dict[str, Answer | None]:
    """Images that are not cleared, each with the answer that says most against it; None where nobody looked."""
    answers = _answers(registry)
    found = {image: [_nearest(answers, image, question) for question in Question] for image in images}
    return {image: min(said, key=_WORST.index) for image, said in found.items() if set(said) != {Answer.CLEAR}}


def blockers(registry: Registry, unit: str) -> dict[Question, Answer | None]:
    """The questions that keep a unit from being cleared, with the answer that does; None where nobody answered."""
    answers = _answers(registry)
    found: dict[Question, Answer | None] = {}
    for question in Question:
        inside = [
            verdict for (place, asked), verdict in answers.items() if asked is question and place.startswith(f"{unit}/")
        ]
        worst = next((verdict for verdict in inside if verdict is not Answer.CLEAR), _nearest(answers, unit, question))
        if worst is not Answer.CLEAR:
            found[question] = worst
    return found


def _answers(registry: Registry) -> Answers:
    return {(item.unit, item.question): item.verdict for item in list_verdicts(registry)}


def _nearest(answers: Answers, unit: str, question: Question) -> Answer | None:
    return next((answers[place, question] for place in list_holders(unit) if (place, question) in answers), None)


def _require_known(registry: Registry, unit: str) -> None:
    with registry.reading() as database:
        if not _holds(database, unit):
            raise NotFound(
                f"The registry holds no subject, session or image '{unit}'.",
                "Write sub-A000, sub-A000/ses-M00, or the path of an image.",
            )


def _holds(database: Session, unit: str) -> bool:
    columns = (Image.path, Image.session_key, Image.subject_id)
    return any(database.exec(select(Image.path).where(column == unit).limit(1)).first() for column in columns)
