"""Voxel arrays moved from one grid to another: copied where voxels coincide, trilinear elsewhere.

A grid is a shape (I, J, K) and an affine from 0-based voxel indices to RAS millimetres. Reorienting, cropping and
padding are moves between grids whose voxels coincide, so one function serves preprocessing and its inverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from registry.files.geometry import spacing

Array = npt.NDArray[Any]

EXACT_VOXELS = 1e-4
"""Voxels coincide when no corner of the new grid is further than this from a voxel of the old one."""


@dataclass(frozen=True)
class Grid:
    """The positions of voxels: `shape` (I, J, K), and `affine_ras`, 4 x 4 from voxel indices to RAS millimetres."""

    shape: tuple[int, int, int]
    affine_ras: Array

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel edge lengths along i, j, k."""
        return spacing(self.affine_ras)


def between(source: Grid, target: Grid) -> Array:
    """The 4 x 4 matrix from voxel indices of `target` to voxel indices of `source`."""
    return np.asarray(np.linalg.solve(source.affine_ras, target.affine_ras))


def move(data: torch.Tensor, source: Grid, target: Grid) -> torch.Tensor:
    """The channels on another grid; voxels outside the old grid become 0.

    Args:
        data: (C, I, J, K) on `source`, floating point.
        source: the grid of `data`.
        target: the wanted grid.

    Returns:
        (C, *target.shape), same dtype: copied where the voxels of both grids coincide, else trilinear.
    """
    matrix = between(source, target)
    axes = coinciding(matrix, target.shape)
    return _pick(data, axes, target.shape) if axes is not None else _sample(data, matrix, target.shape)


def coinciding(matrix: Array, shape: tuple[int, int, int]) -> tuple[tuple[int, int, int], ...] | None:
    """(source axis, +1 or -1, offset) for each target axis where voxels coincide, else None.

    Args:
        matrix: 4 x 4 from target to source indices.
        shape: target shape; nowhere in it may the matrix drift from whole voxels by more than `EXACT_VOXELS`.
    """
    rounded = np.rint(matrix)
    # Rounding errors grow with the index, so their sum is largest at the last voxel.
    drift = np.abs(matrix - rounded)[:3] @ np.array([*shape, 1])
    linear = rounded[:3, :3]
    permutes = np.all(np.abs(linear).sum(axis=0) == 1) and np.all(np.abs(linear).sum(axis=1) == 1)
    if not permutes or drift.max() > EXACT_VOXELS:
        return None
    sources = np.abs(linear).argmax(axis=0)
    return tuple((int(s), int(linear[s, t]), int(rounded[s, 3])) for t, s in enumerate(sources))


def _pick(data: torch.Tensor, axes: tuple[tuple[int, int, int], ...], shape: tuple[int, int, int]) -> torch.Tensor:
    """The voxels of `data` in the order of the target's axes; 0 where an index lies outside."""
    out = data.permute(0, *(axis + 1 for axis, _, _ in axes))
    for dim, ((_, sign, offset), size) in enumerate(zip(axes, shape, strict=True), start=1):
        index = offset + sign * torch.arange(size, device=data.device)
        inside = (index >= 0) & (index < out.shape[dim])
        out = out.index_select(dim, index.clamp(0, out.shape[dim] - 1))
        out = out * inside.to(out.dtype).reshape([-1 if d == dim else 1 for d in range(4)])
    return out.contiguous()


def _sample(data: torch.Tensor, matrix: Array, shape: tuple[int, int, int]) -> torch.Tensor:
    steps = [torch.arange(n, dtype=torch.float64) for n in shape]
    index = torch.stack([*torch.meshgrid(*steps, indexing="ij"), torch.ones(shape, dtype=torch.float64)], dim=-1)
    where = (index @ torch.from_numpy(matrix[:3].T.copy())).to(data.device)
    return sample_at(data[None], where[None])[0]


def sample_at(data: torch.Tensor, where: torch.Tensor, mode: str = "bilinear") -> torch.Tensor:
    """The values at fractional voxel positions; 0 outside the array.

    Args:
        data: (B, C, I, J, K), floating point.
        where: (B, i, j, k, 3), positions in voxel indices of `data`.
        mode: `bilinear` (trilinear in three dimensions) or `nearest`.

    Returns:
        (B, C, i, j, k).
    """
    size = torch.tensor(data.shape[2:], dtype=where.dtype, device=where.device)
    unit = ((2 * where + 1) / size - 1).flip(-1).to(data.dtype)  # torch wants x, y, z = k, j, i in -1..1
    return functional.grid_sample(data, unit, mode=mode, padding_mode="zeros", align_corners=False)
