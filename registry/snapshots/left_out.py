"""What a snapshot of a query would leave out, by reason and by excluded unit, before anything is frozen.

These are the decisions of `registry.snapshots.selection` itself, counted, under one target policy and one split: masks
that are missing or stale and images rejected in the quality check are in it. What exclusions alone take from a saved
query, whatever a snapshot of it will ask for, is `registry.snapshots.exclusion_impact`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from registry.catalog import Catalog
from registry.cohorts import exclusions, splits
from registry.snapshots.selection import Selection, decisions, select
from registry.snapshots.tally import Loss, Tally, count, list_by_reason
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.vocabulary.reasons import STALE
from registry.vocabulary.units import find_first, list_units

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
        by_reason=_sorted(_by_reason(found, stale)),
        by_unit=_sorted(_by_unit(found, decisions(catalog, reasons))),
    )


def _by_reason(found: Selection, stale: set[str]) -> Iterator[Loss]:
    """Of units without a mask, those whose masks are stale are told apart."""
    for loss in (loss for outcome in found.outcomes for loss in list_by_reason(outcome)):
        is_stale = loss.name == "no-target" and any(row["path"] in stale for row in loss.rows)
        yield replace(loss, name=STALE, reason=STALE) if is_stale else loss


def _by_unit(found: Selection, codes: Mapping[str, str]) -> Iterator[Loss]:
    """A sample is lost by the unit that its exclusion names; its other images count for their own units."""
    for outcome in found.outcomes:
        rows = defaultdict(list)
        for row in outcome.rows:
            if unit := find_first(list_units(row), codes):
                rows[unit].append(row)
        for unit, group in rows.items():
            is_sample = outcome.sample is None and outcome.exclusions[0].detail == f"{unit} is excluded"
            yield Loss(unit, codes[unit], tuple(group), is_sample)


def _sorted(losses: Iterable[Loss]) -> tuple[Effect, ...]:
    found = [_effect(tally) for tally in count(losses)]
    return tuple(sorted(found, key=lambda effect: (-effect.samples, -effect.images, effect.name.encode())))


def _effect(tally: Tally) -> Effect:
    return Effect(tally.name, tally.reason, tally.samples, tally.images, len(tally.persons))
