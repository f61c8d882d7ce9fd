"""Count what a snapshot of a query would leave out, by reason and by excluded unit, before anything is frozen.

This module counts the decisions of `registry.snapshots.selection` under one target policy and one split. They include
missing and stale masks, and images rejected in the quality check. `registry.snapshots.exclusion_impact` counts what
exclusions alone take from a saved query, under any policy and split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from registry.catalog import Catalog
from registry.cohorts import exclusions, splits
from registry.snapshots.selection import Selection, decisions, select
from registry.snapshots.tally import Loss, count, list_by_reason
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.vocabulary.reasons import STALE
from registry.vocabulary.units import find_first, list_units

_STALE = "SELECT image AS path FROM masks WHERE stale UNION SELECT image FROM consensus WHERE stale"


@dataclass(frozen=True)
class Effect:
    """Counts of what one reason, or one excluded unit, leaves out.

    Attributes:
        name: the reason's code, or the unit.
        reason: the code.
        samples: number of sessions (or images, where a session has several) that do not become a sample.
        images: number of images of the query that are left out.
        persons: number of persons who lose at least one image.
    """

    name: str
    reason: str
    samples: int
    images: int
    persons: int


@dataclass(frozen=True)
class Effects:
    """Counts of everything that would be left out.

    Attributes:
        images: number of images that the query returns. Each is in a sample, or left out for one of `by_reason`.
        samples: number of samples that a snapshot would hold; they have `sample_images` and `sample_persons`.
        by_reason: one entry per reason, largest first.
        by_unit: one entry per unit that was excluded, or rejected in the quality check, largest first; a subset of
            `by_reason`.
    """

    images: int
    samples: int
    sample_images: int
    sample_persons: int
    by_reason: tuple[Effect, ...]
    by_unit: tuple[Effect, ...]

    def to_json(self) -> dict[str, Any]:
        """The counts as plain JSON values."""
        return asdict(self)


def effects(registry: Registry, sql: str, split: str | None = None, policy: TargetPolicy | None = None) -> Effects:
    """Count what `snapshots.create` would leave out now.

    Args:
        registry: the registry.
        sql: a SELECT that returns image paths; it need not be saved.
        split: persons without a part in it are left out too.
        policy: which mask is the truth; the consensus, else the only expert, by default.

    Raises:
        NotFound: there is no such split.
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
        by_reason=_count_sorted(_list_by_reason(found, stale)),
        by_unit=_count_sorted(_list_by_unit(found, decisions(catalog, reasons))),
    )


def _list_by_reason(found: Selection, stale: set[str]) -> Iterator[Loss]:
    """Losses by reason; units without a mask whose masks are stale have a reason of their own."""
    for loss in (loss for outcome in found.outcomes for loss in list_by_reason(outcome)):
        is_stale = loss.name == "no-target" and any(row["path"] in stale for row in loss.rows)
        yield replace(loss, name=STALE, reason=STALE) if is_stale else loss


def _list_by_unit(found: Selection, codes: Mapping[str, str]) -> Iterator[Loss]:
    """Losses by excluded unit. A sample counts for the unit that its exclusion names, each image for its own unit."""
    for outcome in found.outcomes:
        rows = defaultdict(list)
        for row in outcome.rows:
            if unit := find_first(list_units(row), codes):
                rows[unit].append(row)
        for unit, group in rows.items():
            is_sample = outcome.sample is None and outcome.exclusions[0].detail == f"{unit} is excluded"
            yield Loss(unit, codes[unit], tuple(group), is_sample)


def _count_sorted(losses: Iterable[Loss]) -> tuple[Effect, ...]:
    found = [Effect(item.name, item.reason, item.samples, item.images, len(item.persons)) for item in count(losses)]
    return tuple(sorted(found, key=lambda effect: (-effect.samples, -effect.images, effect.name.encode())))
