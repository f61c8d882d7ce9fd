"""Count what is left out: samples, images and persons, by reason or by the excluded unit.

It counts for a flow's steps (`flow`), for what a snapshot leaves out (`left_out`), and for what exclusions take from
saved queries (`exclusion_impact`). Each of them lists its losses and shows the tallies in its own way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.snapshots.selection import Outcome

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Loss:
    """Images that are left out together.

    Attributes:
        name: what they are counted under: the code of a reason, or an excluded unit.
        reason: the code.
        rows: one row per image, with `path` and `person_id`.
        is_sample: whether they would have been a sample.
    """

    name: str
    reason: str
    rows: tuple[Row, ...]
    is_sample: bool = False


@dataclass
class Tally:
    """Counts of everything that is left out under one name."""

    name: str
    reason: str
    samples: int = 0
    images: int = 0
    persons: set[str] = field(default_factory=set)


def count(losses: Iterable[Loss]) -> list[Tally]:
    """Tallies in the order in which their names first occur; no image may occur twice under one name."""
    tallies: dict[str, Tally] = {}
    for loss in losses:
        tally = tallies.setdefault(loss.name, Tally(loss.name, loss.reason))
        tally.samples += loss.is_sample
        tally.images += len(loss.rows)
        tally.persons |= {row["person_id"] for row in loss.rows}
    return list(tallies.values())


def list_by_reason(outcome: Outcome) -> Iterator[Loss]:
    """The whole unit as one loss, or, where it became a sample, each image that the sample does not use."""
    if outcome.sample is None:
        reason = outcome.exclusions[0].reason
        yield Loss(reason, reason, outcome.rows, is_sample=True)
        return
    used = {ref.path for ref in outcome.sample.images.values()}
    gone = [row for row in outcome.rows if row["path"] not in used]
    for exclusion, row in zip(outcome.exclusions, gone, strict=True):
        yield Loss(exclusion.reason, exclusion.reason, (row,))
