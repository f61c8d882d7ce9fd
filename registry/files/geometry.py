"""Where voxels lie: compare grids, and turn axes towards the sides of the person.

A grid is a shape (I, J, K) and a 4 x 4 affine from 0-based voxel indices to RAS millimetres. Start at `same_grid` and
`require_same_grid`; `registry.files.volumes` reads grids from files.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from registry.errors import GeometryError

if TYPE_CHECKING:
    from registry.files.volumes import Header

Array = npt.NDArray[Any]

GRID_TOLERANCE_MM = 1e-3
"""Two grids are one when no corner of the first moves by more than this in the second."""

_A, _B, _C = 1e-4, 2e-4, 3e-4
_TILT = np.array([[1, -_C, _B], [_C, 1, -_A], [-_B, _A, 1]])
"""A turn of less than 0.03 degrees. Where an axis points exactly between two directions, the order in which axes are
stored would decide; after this turn the directions themselves decide, so every storage gets the same answer."""


def spacing(affine_ras: Array) -> tuple[float, float, float]:
    """Voxel edge lengths (mm) of an affine."""
    lengths = np.linalg.norm(np.asarray(affine_ras, dtype=float)[:3, :3], axis=0)
    return (float(lengths[0]), float(lengths[1]), float(lengths[2]))


def affine_from_row(numbers: Sequence[Any]) -> Array:
    """The 4 x 4 affine of a table row or a file's facts, which keep it as 16 numbers or as four lists of four."""
    return np.asarray(numbers, dtype=float).reshape(4, 4)


def one_volume(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without the axes of length 1 beyond the third: (I, J, K) of an array that holds one volume."""
    sizes = list(shape)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    return tuple(sizes)


def corner_displacement_mm(shape: Sequence[int], affine_a: Array, affine_b: Array) -> float:
    """Largest distance (mm) between the eight corners of one index grid under two affines.

    Args:
        shape: (I, J, K); an axis that is missing has one voxel, axes beyond the third are ignored.
        affine_a: 4 x 4.
        affine_b: 4 x 4.
    """
    top = [max(n - 1, 0) for n in (*shape, 1, 1)[:3]]
    corners = np.array(np.meshgrid(*[(0, n) for n in top], indexing="ij")).reshape(3, -1)
    homogeneous = np.vstack([corners, np.ones(corners.shape[1])])
    moved = (np.asarray(affine_a) - np.asarray(affine_b)) @ homogeneous
    return float(np.linalg.norm(moved[:3], axis=0).max())


def grids_apart_mm(shape_a: Sequence[int], affine_a: Array, shape_b: Sequence[int], affine_b: Array) -> float:
    """The distance between two grids.

    Args:
        shape_a: (I, J, K) of the first.
        affine_a: 4 x 4 of the first.
        shape_b: (I, J, K) of the second.
        affine_b: 4 x 4 of the second.

    Returns:
        The largest displacement (mm) of a corner; infinite where the shapes differ.
    """
    same_shape = tuple(shape_a) == tuple(shape_b)
    return corner_displacement_mm(shape_a, affine_a, affine_b) if same_shape else math.inf


def same_grid(shape_a: Sequence[int], affine_a: Array, shape_b: Sequence[int], affine_b: Array) -> bool:
    """Whether two grids are one: equal shapes, and no corner moves by more than `GRID_TOLERANCE_MM`.

    Args:
        shape_a: (I, J, K) of the first.
        affine_a: 4 x 4 of the first.
        shape_b: (I, J, K) of the second.
        affine_b: 4 x 4 of the second.
    """
    return grids_apart_mm(shape_a, affine_a, shape_b, affine_b) <= GRID_TOLERANCE_MM


def require_same_grid(name: str, shape: tuple[int, ...], affine: Array, image: Header) -> None:
    """Check that a mask has the shape of its image's volume, and its corners within `GRID_TOLERANCE_MM`.

    Args:
        name: the mask's name, for the message.
        shape: the mask's (I, J, K); further axes of length 1 are ignored.
        affine: the mask's, 4 x 4.
        image: the image's header; one mask serves every volume of a series.

    Raises:
        GeometryError: names both shapes, or the displacement in millimetres.
    """
    apart = grids_apart_mm(one_volume(shape), affine, image.shape[:3], image.affine_ras)
    if apart == math.inf:
        raise GeometryError(
            f"{name} is {format_shape(shape)} voxels, its image {format_shape(image.shape)}.",
            "Resample the mask onto the image's grid, or name the image it was drawn on.",
        )
    if not apart <= GRID_TOLERANCE_MM:
        raise GeometryError(
            f"{name} lies up to {apart:.3g} mm away from its image's grid.",
            f"At most {GRID_TOLERANCE_MM} mm is allowed; save it on the image's grid.",
        )


def axis_turns(affine_ras: Array, codes: str = "RAS") -> Array:
    """Turns and flips that bring voxel axes nearest to three directions, in nibabel's notation.

    Args:
        affine_ras: 4 x 4.
        codes: where the first, second and third axis are to point, such as `RAS` or `LAS`.

    Returns:
        (3, 2): for each voxel axis the axis it becomes, and 1 or -1 where it is flipped.
    """
    from nibabel import orientations

    wanted = orientations.axcodes2ornt(tuple(codes))
    return np.asarray(orientations.ornt_transform(orientations.io_orientation(_tilt(affine_ras)), wanted))


def axis_codes(affine_ras: Array) -> str:
    """Where the voxel axes point, such as `LPS`: the codes for which `axis_turns` turns and flips nothing."""
    from nibabel import orientations

    return "".join(orientations.ornt2axcodes(orientations.io_orientation(_tilt(affine_ras))))


def _tilt(affine_ras: Array) -> Array:
    tilted = np.array(affine_ras, dtype=float)
    tilted[:3, :3] = _TILT @ tilted[:3, :3]
    return tilted


def turn_grid(shape: Sequence[int], affine_ras: Array, codes: str = "RAS") -> tuple[tuple[int, ...], Array]:
    """The grid of the same voxels once their axes point nearest to three directions.

    Args:
        shape: (I, J, K).
        affine_ras: 4 x 4.
        codes: where the axes are to point.

    Returns:
        The turned shape and affine.
    """
    from nibabel import orientations

    turns = axis_turns(affine_ras, codes)
    sources = np.argsort(turns[:, 0])
    turned = affine_ras @ orientations.inv_ornt_aff(turns, tuple(shape[:3]))
    return tuple(int(shape[axis]) for axis in sources), turned


def format_shape(shape: Sequence[int]) -> str:
    """`112 x 138 x 58`."""
    return " x ".join(str(n) for n in shape)
