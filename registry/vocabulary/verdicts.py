"""The words of the quality check: verdicts, and the artifacts with the keys 1 to 9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from registry.errors import UsageError


class Verdict(StrEnum):
    """What a rater says about an image. In this order: where raters differ, the first one stands for the image."""

    REJECT = "reject"
    """Not usable: no snapshot takes it."""
    FLAG = "flag"
    """Somebody else should look at it."""
    LATER = "later"
    """Put off; it waits for the same rater."""
    ACCEPT = "accept"
    """Good enough for its purpose."""


@dataclass(frozen=True)
class Artifact:
    """One kind of artifact.

    Attributes:
        key: 1 to 9, on the keyboard.
        code: what tables and queries hold.
        title: what people read.
        about: what it looks like.
    """

    key: int
    code: str
    title: str
    about: str


ARTIFACTS = (
    Artifact(1, "motion", "Motion", "blurring or rings because the person moved"),
    Artifact(2, "ghosting", "Ghosting", "shifted copies of the head or of vessels along the phase direction"),
    Artifact(3, "wrap-around", "Wrap-around", "anatomy outside the field of view folded in (aliasing)"),
    Artifact(4, "drop-out", "Signal drop-out", "signal lost or bent near air or metal (susceptibility)"),
    Artifact(5, "noise", "Noise", "signal too low for the structures that matter"),
    Artifact(6, "bias-field", "Bias field", "uneven brightness from the coils"),
    Artifact(7, "coverage", "Incomplete coverage", "a part of the region of interest is cut off"),
    Artifact(8, "contrast", "Wrong contrast", "not the sequence, or not the contrast agent, that its name says"),
    Artifact(9, "other", "Other", "spikes, zipper lines, wrong person or region: say it in the comment"),
)


def artifacts_of(words: Iterable[str]) -> tuple[str, ...]:
    """Codes in the order of their keys, each once; takes codes and key numbers.

    Raises:
        UsageError: a word is neither.
    """
    wanted = {word.strip() for word in words}
    if unknown := sorted(wanted - {name for item in ARTIFACTS for name in (item.code, str(item.key))}):
        known = ", ".join(f"{item.key} {item.code}" for item in ARTIFACTS)
        raise UsageError(f"There is no artifact '{unknown[0]}'.", f"Known are {known}.")
    return tuple(item.code for item in ARTIFACTS if {item.code, str(item.key)} & wanted)


def verdict_of(word: str) -> Verdict:
    """The verdict a word names.

    Raises:
        UsageError: it names none.
    """
    try:
        return Verdict(word)
    except ValueError as error:
        raise UsageError(f"'{word}' is no verdict.", f"Known are {', '.join(sorted(Verdict))}.") from error
