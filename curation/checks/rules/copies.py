"""Images that are the same picture under different bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from curation.checks.check import Cohort, Hit, Shot


def copies(cohort: Cohort) -> Iterable[Hit]:
    """Equal voxels in files that differ; equal files are one checksum, which leak checks know."""
    holders: dict[str, list[Shot]] = defaultdict(list)
    for shot in sorted(cohort.shots, key=lambda item: item.path.encode()):
        if (key := shot.number("voxels_sha256")) and shot.number("minimum") != shot.number("maximum"):
            holders[key].append(shot)
    for group in holders.values():
        for shot in group:
            other = next((one for one in group if one.sha256 != shot.sha256), None)
            if other is not None:
                yield Hit(shot.path, f"holds the same voxels as {other.path}, which is another file")
