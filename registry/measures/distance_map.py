"""The distance of every voxel of an image from a mask. For surfaces alone `surface_distances` is cheaper."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def distance_map(mask: Array, spacing_mm: tuple[float, float, float]) -> Array:
    """Distance of every voxel centre to the nearest voxel centre of a mask.

    Args:
        mask: (I, J, K) bool.
        spacing_mm: voxel edge lengths along i, j, k.

    Returns:
        (I, J, K) float32 millimetres, 0 inside the mask; infinite everywhere for an empty mask.
    """
    import edt

    return np.asarray(edt.edt(~np.asarray(mask, dtype=bool), anisotropy=spacing_mm, black_border=False))
