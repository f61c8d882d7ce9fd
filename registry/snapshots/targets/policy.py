"""Target policies: which reading is the truth of a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.errors import UsageError
from registry.files.canonical import sha256_bytes
from registry.snapshots.targets.labels import Classes, Reading, parse_labels

ANY = "*"
DEFAULT_SEED = "2026"
KINDS = ("consensus", "expert", "random-expert", "soft")

_WORDS = {
    "consensus": ("the consensus {}", "the consensus (majority, where there are several)"),
    "expert": ("the mask of {}", "the only rater's mask, where one alone read it"),
    "random-expert": ("one rater's mask, drawn by seed {}", ""),
    "soft": ("", "the share of raters at each voxel"),
}
"""Words for each kind with a source, and without one."""


@dataclass(frozen=True)
class Choice:
    """The readings that a policy takes for one sample.

    Attributes:
        truth: the reading that is the truth; for `soft` one of each rater, on one image's grid, the truth together.
        readings: every expert's readings of the sample.
    """

    truth: tuple[Reading, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class TargetPolicy:
    """Where the truth comes from; the first match wins.

    Attributes:
        order: pairs of a kind and a source.
            `consensus`, recipe or `*`: `majority` comes first, then the first by path.
            `expert`, rater's code or `*`: `*` matches only where exactly one expert read the image, because choosing
            between experts is a decision.
            `random-expert`, seed: one expert per sample, drawn by the seed.
            `soft`, `*`: the readings of one image by all its raters, at least two.
        protocol: only masks of this protocol count; None allows the only protocol there is.
        classes: the structures of class 1, 2, ... of the target; where two overlap the later one counts. None takes
            the masks as they are, which needs all of them to show the same structures.
    """

    order: tuple[tuple[str, str], ...] = (("consensus", ANY), ("expert", ANY))
    protocol: str | None = None
    classes: Classes = ()

    def to_json(self) -> dict[str, Any]:
        """The form stored in a manifest."""
        order = [{"kind": kind, "source": source} for kind, source in self.order]
        return {"order": order, "protocol": self.protocol, "classes": [list(names) for names in self.classes]}

    @property
    def takes_consensus(self) -> bool:
        """Whether a consensus may be the truth."""
        return any(kind == "consensus" for kind, _ in self.order)

    def choose(self, readings: Sequence[Reading]) -> Choice | None:
        """The truth of a sample; None where the policy finds no reading or cannot decide between several.

        Args:
            readings: of one sample, each of which shows all wanted structures.
        """
        for kind, source in self.order:
            if truth := _CHOOSERS[kind](readings, source):
                return Choice(truth, _experts(readings))
        return None


def parse_policy(words: Sequence[str], protocol: str | None = None, labels: Sequence[str] = ()) -> TargetPolicy:
    """The policy from words.

    Args:
        words: such as `consensus:majority`, `expert:e01`, `random-expert:7` and `soft`, in order of preference.
        protocol: only masks of this protocol.
        labels: as `parse_labels` takes them.

    Raises:
        UsageError: a kind does not exist, a seed is not a whole number, `soft` has a source, or a label has no name.
    """
    classes = parse_labels(labels)
    if not words:
        return TargetPolicy(protocol=protocol, classes=classes)
    return TargetPolicy(tuple(_parse(word) for word in words), protocol, classes)


def in_words(word: str) -> str:
    """Words for what a policy word such as `expert:e01` takes: `the mask of e01`.

    Raises:
        UsageError: as `parse_policy`.
    """
    kind, source = _parse(word)
    return _WORDS[kind][source == ANY].format(source)


def _parse(word: str) -> tuple[str, str]:
    kind, _, source = word.partition(":")
    if kind not in KINDS or (kind == "soft" and source not in ("", ANY)):
        raise UsageError(
            f"'{word}' is not a target.",
            "Use consensus:RECIPE, expert:CODE, random-expert:SEED or soft, in order of preference.",
        )
    if kind == "random-expert":
        source = source or DEFAULT_SEED
        if not source.isascii() or not source.isdecimal():
            raise UsageError(f"'{source}' is not a seed.", "Use a whole number, for example random-expert:7")
        return kind, str(int(source))
    return kind, source or ANY


def _experts(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    return tuple(reading for reading in readings if reading.role == "expert")


def _consensus(readings: Sequence[Reading], source: str) -> tuple[Reading, ...]:
    found = [reading for reading in readings if reading.role == "consensus" and source in (ANY, reading.source)]
    return tuple(sorted(found, key=lambda reading: (reading.source != "majority", reading.path))[:1])


def _expert(readings: Sequence[Reading], source: str) -> tuple[Reading, ...]:
    found = tuple(reading for reading in _experts(readings) if source in (ANY, reading.source))
    return found if len(found) == 1 else ()


def _random_expert(readings: Sequence[Reading], seed: str) -> tuple[Reading, ...]:
    """The reading with the smallest seeded hash, so a further rater changes a draw only to that rater's reading."""
    return tuple(sorted(_experts(readings), key=lambda reading: (_hash(seed, reading), reading.path))[:1])


def _hash(seed: str, reading: Reading) -> str:
    return sha256_bytes(f"{seed}|{reading.image}|{reading.source}".encode())


def _soft(readings: Sequence[Reading], _: str) -> tuple[Reading, ...]:
    """The readings of the image that most raters read; of several such images the first by path.

    A rater has one vote: of several readings by one rater the first by path counts.
    """
    votes: dict[str, dict[str, Reading]] = {}
    for reading in _experts(readings):
        votes.setdefault(reading.image, {}).setdefault(reading.source, reading)
    largest = max((tuple(votes[image].values()) for image in sorted(votes)), key=len, default=())
    return largest if len(largest) > 1 else ()


_CHOOSERS: Mapping[str, Callable[[Sequence[Reading], str], tuple[Reading, ...]]] = {
    "consensus": _consensus,
    "expert": _expert,
    "random-expert": _random_expert,
    "soft": _soft,
}
