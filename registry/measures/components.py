"""Lesions as connected components, and which of them were found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.measures.surface_distances import Array

NEIGHBOURS = 26
"""Voxels that touch by a face, an edge or a corner belong to one lesion."""


@dataclass(frozen=True)
class Lesion:
    """One connected component.

    Attributes:
        side: `reference` or `predicted`.
        number: 1, 2, ... in scan order within its side and image.
        mm3: its volume.
        overlap_mm3: how much of it the other side covers.
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


def components(mask: Array) -> tuple[Array, int]:
    """26-connected components.

    Args:
        mask: (I, J, K) bool.

    Returns:
        (I, J, K) int32 numbers, 0 outside; and how many there are.
    """
    from scipy import ndimage

    numbers, count = ndimage.label(mask, structure=np.ones((3, 3, 3), dtype=bool), output=np.int32)
    return np.asarray(numbers), int(count)


def lesions(reference: Array, predicted: Array, voxel_mm3: float) -> tuple[Lesion, ...]:
    """The components of both sides with their overlap; empty sides have none.

    Args:
        reference: (I, J, K) bool.
        predicted: (I, J, K) bool, same grid.
        voxel_mm3: volume of one voxel.
    """
    own = _one_side("reference", reference, predicted, voxel_mm3)
    return (*own, *_one_side("predicted", predicted, reference, voxel_mm3))


def _one_side(side: str, own: Array, other: Array, voxel_mm3: float) -> list[Lesion]:
    numbers, count = components(own)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    shared = np.bincount(numbers[other], minlength=count + 1)
    centres = _centres(numbers, sizes)
    return [
        Lesion(side, n, float(sizes[n] * voxel_mm3), float(shared[n] * voxel_mm3), centres[n])
        for n in range(1, count + 1)
    ]


def _centres(numbers: Array, sizes: Array) -> list[tuple[float, float, float]]:
    places = np.nonzero(numbers)
    which = numbers[places]
    sums = [np.bincount(which, weights=axis, minlength=len(sizes)) / np.maximum(sizes, 1) for axis in places]
    return [(float(i), float(j), float(k)) for i, j, k in zip(*sums, strict=True)]
