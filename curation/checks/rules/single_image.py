"""Rules for one image by its numbers: it can be read, its position is clear, its values are usable, it is no copy.

A rule for one image returns what is odd about it as the rest of a sentence, or None.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from curation.checks.check import Cohort, Hit, Shot
from registry.files.volumes import FORMS_TOLERANCE_MM

FEW = 16
"""Distinct values below which an image is more likely a label map, or was reduced to a few grey levels."""

SATURATED = 0.02
"""Share of the foreground at the maximum from which bright values count as cut off."""


def unreadable(shot: Shot) -> str | None:
    """The file is damaged, cut short, or no image."""
    return shot.measured.problem if shot.measured else None


def forms_disagree(shot: Shot) -> str | None:
    """Qform, sform and voxel edges (pixdim) place the image differently, by more than their precision."""
    apart = shot.measured.forms_apart_mm if shot.measured else 0.0
    if apart <= FORMS_TOLERANCE_MM:
        return None
    how_far = f"up to {apart:.2g} mm apart" if math.isfinite(apart) else "apart, one of them by unusable numbers"
    return f"qform, sform and voxel edges (pixdim) place it {how_far}: programs will disagree on where it lies"


def nonfinite(shot: Shot) -> str | None:
    """Some voxels are NaN or infinite."""
    count = shot.number("nonfinite")
    return f"holds {count:,} voxels that are no number (NaN or infinite)" if count else None


def empty(shot: Shot) -> str | None:
    """Every voxel is zero."""
    return "holds nothing but zeros" if shot.number("minimum") == shot.number("maximum") == 0 else None


def constant(shot: Shot) -> str | None:
    """Every voxel has one value, other than zero."""
    low, high = shot.number("minimum"), shot.number("maximum")
    return f"holds the value {low:g} everywhere" if low is not None and low == high != 0 else None


def few_values(shot: Shot) -> str | None:
    """The image has so few distinct values that it may be a mask."""
    count = shot.number("distinct")
    return f"holds {count} distinct values only: is it a mask?" if count is not None and 1 < count < FEW else None


def saturated(shot: Shot) -> str | None:
    """The bright values are cut off."""
    share, count = shot.number("saturated_share"), shot.number("distinct")
    if share is None or share < SATURATED or count < FEW:
        return None
    return f"{share:.1%} of the foreground is at the maximum, {shot.number('maximum'):g}: bright values were cut off"


def copies(cohort: Cohort) -> Iterable[Hit]:
    """Hits for equal voxels in files that differ; equal files share a checksum, which the leak checks find."""
    holders: dict[str, list[Shot]] = defaultdict(list)
    for shot in sorted(cohort.shots, key=lambda item: item.path.encode()):
        if (key := shot.number("voxels_sha256")) and shot.number("minimum") != shot.number("maximum"):
            holders[key].append(shot)
    for group in holders.values():
        for shot in group:
            other = next((one for one in group if one.sha256 != shot.sha256), None)
            if other is not None:
                yield Hit(shot.path, f"holds the same voxels as {other.path}, which is another file")
