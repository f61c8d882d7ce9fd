"""Voxels that nobody judged: nnU-Net marks them with the label `ignore`, which is no structure."""

from __future__ import annotations

from registry.manifests.manifest import Manifest

IGNORE = "ignore"
"""The name of that label, as nnU-Net spells it."""


def names_unjudged(name: str) -> bool:
    """Whether a label is that of voxels which nobody judged, in any case."""
    return name.casefold() == IGNORE


def count_dropped(manifest: Manifest) -> int:
    """The number of samples whose masks mark such voxels while the target was chosen without them.

    They are background in such a target, though nobody said so.
    """
    if any(map(names_unjudged, manifest.labels.values())):
        return 0
    return sum(
        any(names_unjudged(name) for mask in sample.targets for name in mask.labels.values())
        for sample in manifest.samples
    )
