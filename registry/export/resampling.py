"""Resample an image onto another image's grid, with SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np

from registry.files.geometry import spacing
from registry.files.volumes import Header, Volume

_LPS = np.diag([-1.0, -1.0, 1.0])


def resample(volume: Volume, grid: Header) -> Volume:
    """The volume interpolated linearly onto a grid; 0 outside the image.

    Args:
        volume: (I, J, K) voxels with their affine.
        grid: shape and affine (RAS millimetres) of the result.

    Returns:
        (I, J, K) float32.
    """
    import SimpleITK

    image = _image(SimpleITK, volume)
    method = SimpleITK.ResampleImageFilter()
    method.SetSize([int(n) for n in grid.shape[:3]])
    origin, direction, edges = _frame(grid.affine_ras)
    method.SetOutputOrigin(origin)
    method.SetOutputDirection(direction)
    method.SetOutputSpacing(edges)
    method.SetInterpolator(SimpleITK.sitkLinear)
    method.SetDefaultPixelValue(0)
    array = SimpleITK.GetArrayFromImage(method.Execute(image))
    return Volume(np.ascontiguousarray(array.transpose(2, 1, 0), dtype=np.float32), grid.affine_ras)


def _image(library: Any, volume: Volume) -> Any:
    image = library.GetImageFromArray(np.ascontiguousarray(volume.data.transpose(2, 1, 0), dtype=np.float32))
    origin, direction, edges = _frame(volume.affine_ras)
    image.SetOrigin(origin)
    image.SetDirection(direction)
    image.SetSpacing(edges)
    return image


def _frame(affine_ras: Any) -> tuple[list[float], list[float], list[float]]:
    """Origin, direction (row by row) and spacing in LPS millimetres, as ITK has them."""
    edges = spacing(affine_ras)
    matrix = _LPS @ np.asarray(affine_ras, dtype=float)[:3]
    direction = matrix[:, :3] / np.asarray(edges)
    return matrix[:, 3].tolist(), direction.ravel().tolist(), list(edges)
