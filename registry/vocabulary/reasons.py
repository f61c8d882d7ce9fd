"""Why something is left out: the codes of manifests and flows as words for people."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

EXCLUDED = "excluded:"
STALE = "stale-mask"
"""Every mask of the unit was made on an image that has changed since; a manifest calls it `no-target`."""

OUTDATED = "consensus-out-of-date"
"""The unit's consensus was made of other masks than its raters' present ones."""

_WORDS = {
    "excluded:quality-reject": "rejected in the quality check",
    "missing-channel": "a channel is missing",
    "several-images": "more than one image of a channel",
    "no-target": "no mask that the target policy takes",
    STALE: "its masks are older than its image",
    OUTDATED: "its consensus is out of date: a rater's mask changed since",
    "target-undecided": "several raters, and the target policy chooses none",
    "not-in-split": "its person has no part in the split",
    "not-selected": "the query does not return it",
    "query": "not what the query asks for",
}


class ReasonCode(StrEnum):
    """A code, and the sentence that explains it to people. Subclasses list members as `NAME = "code", "Sentence."`."""

    sentence: str

    def __new__(cls, code: str, sentence: str = "") -> Self:
        """A member whose value is the code alone, so that `Reason("other-grid")` finds it."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.sentence = sentence
        return member


def in_words(code: str) -> str:
    """The words of a code: `excluded: consent withdrawn` for `excluded:consent-withdrawn`."""
    if code in _WORDS:
        return _WORDS[code]
    plain = code.removeprefix(EXCLUDED).replace("-", " ").replace("_", " ")
    return f"excluded: {plain}" if code.startswith(EXCLUDED) else plain
