"""Distances between the surfaces of two masks, in millimetres of the image's own frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SurfaceDistances:
    """Directed nearest distances (mm): one per surface voxel of each side.

    Attributes:
        from_reference: (n,) from each surface voxel of the reference to the prediction's surface.
        from_predicted: (m,) the other way.
    """

    from_reference: Array
    from_predicted: Array

    @property
    def hd95_mm(self) -> float:
        """The larger of the two directed 95th percentiles (linear interpolation)."""
        return max(float(np.percentile(d, 95)) for d in (self.from_reference, self.from_predicted))

    @property
    def assd_mm(self) -> float:
        """Average symmetric surface distance: the mean over all surface voxels of both sides."""
        return float(np.concatenate([self.from_reference, self.from_predicted]).mean())

    def nsd(self, tolerance_mm: float) -> float:
        """Normalised surface Dice: the share of surface voxels of both sides no further away than the tolerance."""
        # A nanometre of slack: one voxel of exactly the tolerance counts whatever way the grid is turned.
        return float((np.concatenate([self.from_reference, self.from_predicted]) <= tolerance_mm + 1e-6).mean())


def surface(mask: Array) -> Array:
    """Voxels of a mask with a face neighbour outside it; beyond the image counts as outside.

    Args:
        mask: (I, J, K) bool.

    Returns:
        (I, J, K) bool; empty for an empty mask.
    """
    from scipy import ndimage

    inner = ndimage.binary_erosion(mask, structure=ndimage.generate_binary_structure(3, 1), border_value=0)
    return np.asarray(mask & ~inner)


def surface_distances(reference: Array, predicted: Array, affine_ras: Array) -> SurfaceDistances:
    """Nearest distances between two surfaces.

    Args:
        reference: (I, J, K) bool, not empty.
        predicted: (I, J, K) bool, not empty, same grid.
        affine_ras: 4 x 4; its linear part gives millimetres also where axes are turned or sheared.

    Raises:
        ValueError: a mask is empty; the evaluation's profile decides what that means.
    """
    from scipy.spatial import cKDTree

    if not reference.any() or not predicted.any():
        raise ValueError("surface distances need two masks that are not empty")
    a, b = (_points_mm(surface(mask), affine_ras) for mask in (reference, predicted))
    return SurfaceDistances(cKDTree(b).query(a)[0], cKDTree(a).query(b)[0])


def diagonal_mm(shape: tuple[int, ...], affine_ras: Array) -> float:
    """The longest distance (mm) between two voxel centres of an image."""
    top = np.array([n - 1 for n in shape[:3]], dtype=float)
    signs = np.array([(1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)], dtype=float)
    return float(np.linalg.norm((signs * top) @ np.asarray(affine_ras)[:3, :3].T, axis=1).max())


def _points_mm(mask: Array, affine_ras: Array) -> Array:
    return np.asarray(np.argwhere(mask) @ np.asarray(affine_ras, dtype=float)[:3, :3].T)
