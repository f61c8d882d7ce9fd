"""What a snapshot of a query would leave out, by reason and by excluded unit, before anything is frozen.

These are the decisions of `registry.snapshots.selection` itself, counted, under one target policy and one split: masks
that are missing or stale and images rejected in the quality check are in it. What exclusions alone take from a saved
query, whatever a snapshot of it will ask for, is `registry.snapshots.exclusion_impact`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from registry.catalog import Catalog
from registry.cohorts import exclusions, splits
from registry.snapshots.selection import Outcome, Selection, decided, decisions, select
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.vocabulary.reasons import STALE

_STALE = "SELECT image AS path FROM masks WHERE stale UNION SELECT image FROM consensus WHERE stale"


@dataclass(frozen=True)
class Effect:
    """What one reason, or one excluded unit, leaves out.

    Attributes:
        name: the reason's code, or the unit.
        reason: the code.
        samples: sessions (or images, where a session has several) that do not become a sample.
        images: of the query that are left out.
        persons: who lose at least one image.
    """

    name: str
    reason: str
    samples: int
    images: int
    persons: int


@dataclass(frozen=True)
class Effects:
    """Everything that would be left out.

    Attributes:
        images: that the query returns. Each is in a sample, or left out for one of `by_reason`.
        samples: that a snapshot would hold, with their `sample_images` and `sample_persons`.
        by_reason: largest first.
        by_unit: what a person excluded, or rejected in the quality check, largest first; a subset of `by_reason`.
    """

    images: int
    samples: int
    sample_images: int
    sample_persons: int
    by_reason: tuple[Effect, ...]
    by_unit: tuple[Effect, ...]

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)


@dataclass
class _Tally:
    reason: str
    samples: int = 0
    paths: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, Any]) -> None:
        self.paths.add(row["path"])
        self.persons.add(row["person_id"])

    def done(self, name: str) -> Effect:
        return Effect(name, self.reason, self.samples, len(self.paths), len(self.persons))


def effects(registry: Registry, sql: str, split: str | None = None, policy: TargetPolicy | None = None) -> Effects:
    """Count what `snapshots.create` would leave out now.

    Args:
        registry: where.
        sql: a SELECT that returns image paths; it need not be saved.
        split: also leave out whoever has no part in it.
        policy: which mask is the truth.

    Raises:
        NotFound: no such split.
        QueryError: the query returns no image.
    """
    catalog, reasons = Catalog.of(registry), exclusions.reasons(registry)
    parts = splits.parts_now(registry, splits.get(registry, split)) if split else None
    found = select(catalog, sql, policy or TargetPolicy(), parts, reasons)
    stale = {row["path"] for row in catalog.rows(_STALE)}
    kept = [outcome.sample for outcome in found.outcomes if outcome.sample]
    return Effects(
        images=sum(len(outcome.rows) for outcome in found.outcomes),
        samples=len(kept),
        sample_images=sum(len(sample.images) for sample in kept),
        sample_persons=len({sample.person for sample in kept}),
        by_reason=_by_reason(found, stale),
        by_unit=_by_unit(found, decisions(catalog, reasons)),
    )


def _by_reason(found: Selection, stale: set[str]) -> tuple[Effect, ...]:
    tallies: dict[str, _Tally] = {}
    for outcome in found.outcomes:
        for reason, rows in _left_out(outcome, stale):
            tally = tallies.setdefault(reason, _Tally(reason))
            tally.samples += outcome.sample is None
            for row in rows:
                tally.add(row)
    return _sorted(tallies)


def _left_out(outcome: Outcome, stale: set[str]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Reason and images: of the whole unit, or of single images of a unit that became a sample."""
    if outcome.sample is None:
        reason = outcome.exclusions[0].reason
        old = reason == "no-target" and any(row["path"] in stale for row in outcome.rows)
        return [(STALE if old else reason, list(outcome.rows))]
    used = {ref.path for ref in outcome.sample.images.values()}
    gone = [row for row in outcome.rows if row["path"] not in used]
    return [(item.reason, [row]) for item, row in zip(outcome.exclusions, gone, strict=True)]


def _by_unit(found: Selection, codes: Mapping[str, str]) -> tuple[Effect, ...]:
    tallies: dict[str, _Tally] = {}
    for outcome in found.outcomes:
        mine = defaultdict(list)
        for row in outcome.rows:
            if unit := decided(row, codes):
                mine[unit].append(row)
        for unit, rows in mine.items():
            tally = tallies.setdefault(unit, _Tally(codes[unit]))
            tally.samples += outcome.sample is None and outcome.exclusions[0].detail == f"{unit} is excluded"
            for row in rows:
                tally.add(row)
    return _sorted(tallies)


def _sorted(tallies: Mapping[str, _Tally]) -> tuple[Effect, ...]:
    found = [tally.done(name) for name, tally in tallies.items()]
    return tuple(sorted(found, key=lambda effect: (-effect.samples, -effect.images, effect.name.encode())))
