"""Lesions as the connected components of a mask, and their overlap with those of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from registry.measures.surface_distances import Array

Connectivity = Literal[6, 18, 26]

NEIGHBOURS: Connectivity = 26
"""Voxels that touch by a face, an edge or a corner belong to one lesion."""


@dataclass(frozen=True)
class Lesion:
    """One connected component.

    Attributes:
        side: `reference` or `predicted`.
        number: 1, 2, ... in scan order within its side and image.
        mm3: its volume.
        overlap_mm3: the volume of it that the other side covers.
        centre: mean voxel index (i, j, k).
    """

    side: str
    number: int
    mm3: float
    overlap_mm3: float
    centre: tuple[float, float, float]

    @property
    def matched(self) -> bool:
        """Whether the other side touches it in at least one voxel."""
        return self.overlap_mm3 > 0


def components(mask: Array, connectivity: Connectivity = NEIGHBOURS) -> tuple[Array, Array]:
    """Connected components, numbered in scan order (the last axis runs fastest).

    Args:
        mask: (I, J, K) bool.
        connectivity: 6 joins voxels that share a face, 18 an edge too, 26 a corner too.

    Returns:
        (I, J, K) numbers 1..n, 0 outside; and (n,) sizes in voxels.
    """
    import cc3d

    numbers, count = cc3d.connected_components(mask, connectivity=connectivity, return_N=True)
    # cc3d numbers blocks of voxels; scan order makes a lesion's number a property of the mask alone. Only voxels of
    # the foreground are looked at, since a mask is mostly background: cc3d.statistics looks at all of them.
    places = np.flatnonzero(mask)
    inside = numbers.reshape(-1)[places]
    first = np.zeros(count + 1, dtype=np.intp)
    first[inside[::-1]] = places[::-1]  # the last to write is the first in scan order
    order = np.empty(count + 1, dtype=numbers.dtype)
    order[0], order[1 + np.argsort(first[1:])] = 0, np.arange(1, count + 1)
    renumbered = np.zeros(mask.shape, dtype=numbers.dtype)
    renumbered.reshape(-1)[places] = order[inside]
    return renumbered, np.bincount(order[inside], minlength=count + 1)[1:]


def lesions(
    reference: Array, predicted: Array, voxel_mm3: float, connectivity: Connectivity = NEIGHBOURS
) -> tuple[Lesion, ...]:
    """The components of both sides with their overlap; empty sides have none.

    Args:
        reference: (I, J, K) bool.
        predicted: (I, J, K) bool, same grid.
        voxel_mm3: volume of one voxel.
        connectivity: as `components`.
    """
    own = _one_side("reference", reference, predicted, voxel_mm3, connectivity)
    return (*own, *_one_side("predicted", predicted, reference, voxel_mm3, connectivity))


def _one_side(side: str, own: Array, other: Array, voxel_mm3: float, connectivity: Connectivity) -> list[Lesion]:
    numbers, sizes = components(own, connectivity)
    shared = np.bincount(numbers[other], minlength=len(sizes) + 1)[1:]
    centres = _centres(numbers, sizes)
    return [
        Lesion(side, n, float(size * voxel_mm3), float(covered * voxel_mm3), centre)
        for n, (size, covered, centre) in enumerate(zip(sizes, shared, centres, strict=True), start=1)
    ]


def _centres(numbers: Array, sizes: Array) -> list[tuple[float, float, float]]:
    places = np.nonzero(numbers)
    which = numbers[places]
    sums = [np.bincount(which, weights=axis, minlength=len(sizes) + 1)[1:] / sizes for axis in places]
    return [(float(i), float(j), float(k)) for i, j, k in zip(*sums, strict=True)]
