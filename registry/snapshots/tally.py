"""Count what is left out: samples, images and persons, by reason or by the excluded unit.

The one counter behind a flow's steps (`flow`), what a snapshot leaves out (`left_out`) and what exclusions take from
saved queries (`exclusion_impact`): each lists its losses and shows the tallies in its own way.
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
        name: under which they are counted: a reason's code, or an excluded unit.
        reason: the code.
        rows: of the images, each with `path` and `person_id`.
        is_sample: they would have been a sample.
    """

    name: str
    reason: str
    rows: tuple[Row, ...]
    is_sample: bool = False


@dataclass
class Tally:
    """Everything that is left out under one name."""

    name: str
    reason: str
    samples: int = 0
    images: int = 0
    persons: set[str] = field(default_factory=set)


def count(losses: Iterable[Loss]) -> list[Tally]:
    """Tallies in the order in which their names come first; no image may come twice under one name."""
    tallies: dict[str, Tally] = {}
    for loss in losses:
        tally = tallies.setdefault(loss.name, Tally(loss.name, loss.reason))
        tally.samples += loss.is_sample
        tally.images += len(loss.rows)
        tally.persons |= {row["person_id"] for row in loss.rows}
    return list(tallies.values())


def list_by_reason(outcome: Outcome) -> Iterator[Loss]:
    """The whole unit with its reason, or each image that a unit which became a sample does not use."""
    if outcome.sample is None:
        reason = outcome.exclusions[0].reason
        yield Loss(reason, reason, outcome.rows, is_sample=True)
        return
    used = {ref.path for ref in outcome.sample.images.values()}
    gone = [row for row in outcome.rows if row["path"] not in used]
    for exclusion, row in zip(outcome.exclusions, gone, strict=True):
        yield Loss(exclusion.reason, exclusion.reason, (row,))
