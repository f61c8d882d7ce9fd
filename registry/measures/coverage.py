"""The share of one image's field of view that another one covers.

Outside an image there is nothing, and whoever brings it onto another grid writes 0 there. So images that are used
together have to overlap, and where they do so only in part, that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_POINTS = 33
"""Points along each axis at which the field of view is asked; the first and last voxel are two of them."""

WHOLE = 0.95
"""From this share on a field of view counts as covered: its borders rarely agree to the voxel."""


def covered_share(shape: Sequence[int], affine: Array, other_shape: Sequence[int], other_affine: Array) -> float:
    """The share of an image's grid that lies within another image's field of view.

    Args:
        shape: (I, J, K) of the image; axes beyond the third are ignored.
        affine: its 4 x 4, to RAS mm.
        other_shape: (I, J, K) of the other image.
        other_affine: its 4 x 4.

    Returns:
        0 where they do not overlap, to 1; asked at up to 33 voxels along each axis.
    """
    axes = [np.unique(np.linspace(0, n - 1, _POINTS).round()) for n in _three(shape)]
    points = np.stack([*np.meshgrid(*axes, indexing="ij"), np.ones([len(axis) for axis in axes])]).reshape(4, -1)
    where = (np.linalg.solve(np.asarray(other_affine, float), np.asarray(affine, float)) @ points)[:3]
    ends = np.array(_three(other_shape))[:, None] - 0.5
    return float(np.all((where >= -0.5) & (where <= ends), axis=0).mean())


def content_grid(data: Array, affine: Array) -> tuple[tuple[int, ...], Array] | None:
    """The grid of the smallest box that holds every voxel of an image that is a number and not 0.

    Args:
        data: (I, J, K).
        affine: 4 x 4 to RAS mm.

    Returns:
        Shape and affine of the box; None where there is no such voxel.
    """
    filled = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0) != 0
    found = [np.flatnonzero(filled.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    if not len(found[0]):
        return None
    shift = np.eye(4)
    shift[:3, 3] = [along[0] for along in found]
    return tuple(int(along[-1] - along[0]) + 1 for along in found), np.asarray(affine, float) @ shift


def _three(shape: Sequence[int]) -> tuple[int, int, int]:
    i, j, k = (*shape, 1, 1)[:3]
    return int(i), int(j), int(k)
