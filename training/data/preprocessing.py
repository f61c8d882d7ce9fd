"""Preprocessing as pure steps: native images to one array on a working grid, and label maps back again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch

from registry.files.canonical import canonical_json, sha256_bytes
from registry.files.geometry import axis_codes, turn_grid
from registry.files.volumes import Volume
from training.data.resampling import Array, Grid, move
from training.spec import KEEP, Preprocessing


def preprocessing_id(steps: Preprocessing) -> str:
    """SHA-256 of the steps as hex digits: equal steps have equal ids."""
    return sha256_bytes(canonical_json(asdict(steps)))


def grid_of(volume: Volume) -> Grid:
    """The grid of a volume's first three axes."""
    i, j, k = (int(n) for n in volume.data.shape[:3])
    return Grid((i, j, k), volume.affine_ras)


def prepare(steps: Preprocessing, channels: Sequence[Volume], reference: Grid) -> tuple[torch.Tensor, Grid]:
    """The network's input and its grid.

    Args:
        steps: what is done, in order.
        channels: one (I, J, K) volume per channel, each on its own grid; NaN and infinity count as 0.
        reference: the grid of the labels, on which predictions are written too.

    Returns:
        (C, I, J, K) float32 on the working grid, and that grid.
    """
    grid = _respace(_orient(reference, steps), steps)
    moved = torch.cat([move(_tensor(channel), grid_of(channel), grid) for channel in channels])
    if steps.crop == "nonzero":
        cropped = _bound_content(moved, grid, steps.margin_voxels)
        moved, grid = move(moved, grid, cropped), cropped
    return torch.stack([normalise(channel, steps.normalise) for channel in moved]), grid


def prepare_target(labels: Array, reference: Grid, grid: Grid, classes: int) -> torch.Tensor:
    """A map of class indices on the working grid.

    Args:
        labels: (I, J, K) class indices 0..classes-1 on `reference`.
        reference: the grid of `labels`.
        grid: the working grid.
        classes: number of classes, background included.

    Returns:
        (I, J, K) uint8: the class with the largest share at each voxel; background outside the old grid.
    """
    one_hot = torch.from_numpy(np.stack([labels == c for c in range(1, classes)]).astype(np.float32))
    shares = move(one_hot, reference, grid)
    return torch.cat([1 - shares.sum(0, keepdim=True), shares]).argmax(0).to(torch.uint8)


def restore(probabilities: torch.Tensor, grid: Grid, reference: Grid) -> Array:
    """Class indices on the native grid: the inverse of `prepare`.

    Args:
        probabilities: (classes, I, J, K) on the working grid.
        grid: the working grid.
        reference: the native grid.

    Returns:
        (I, J, K) uint8 on `reference`; background (0) where the working grid does not reach.
    """
    native = move(probabilities.float(), grid, reference)
    native[0] += 1 - native.sum(0)  # outside the working grid all shares are 0
    return np.asarray(native.argmax(0).to(torch.uint8).cpu().numpy())


def normalise(channel: torch.Tensor, how: str) -> torch.Tensor:
    """One channel (I, J, K), normalised as `Preprocessing.normalise` says; a constant channel becomes 0."""
    if how == "none":
        return channel
    if how == "percentile":
        low, high = np.percentile(channel.numpy(), (0.5, 99.5))
        return ((channel - float(low)) / max(float(high - low), 1e-6)).clamp(0, 1)
    kept = channel[channel != 0] if how == "zscore-nonzero" else channel
    if kept.numel() < 2:
        return torch.zeros_like(channel)
    scaled = (channel - kept.mean()) / kept.std().clamp_min(1e-6)
    return torch.where(channel != 0, scaled, 0.0) if how == "zscore-nonzero" else scaled


def _tensor(volume: Volume) -> torch.Tensor:
    data = np.nan_to_num(np.asarray(volume.data, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return torch.from_numpy(np.ascontiguousarray(data))[None]


def _orient(grid: Grid, steps: Preprocessing) -> Grid:
    """The grid of the same voxels, its axes turned to the nearest of the orientation."""
    if steps.orientation in (KEEP, axis_codes(grid.affine_ras)):
        return grid
    (i, j, k), affine = turn_grid(grid.shape, grid.affine_ras, steps.orientation)
    return Grid((i, j, k), affine)


def _respace(grid: Grid, steps: Preprocessing) -> Grid:
    """The grid of the same field of view at the wanted spacing; the field's edges coincide, not the voxel centres."""
    if steps.spacing_mm is None:
        return grid
    factor = np.array(steps.spacing_mm) / np.array(grid.spacing_mm)
    i, j, k = (max(1, round(n / f)) for n, f in zip(grid.shape, factor, strict=True))
    scale = np.diag([*factor, 1.0])
    scale[:3, 3] = (factor - 1) / 2
    return Grid((i, j, k), grid.affine_ras @ scale)


def _bound_content(data: torch.Tensor, grid: Grid, margin: int) -> Grid:
    """The smallest grid that holds every voxel that is not 0 in some channel, plus a margin."""
    voxels = torch.nonzero((data != 0).any(0))
    if not len(voxels):
        return grid
    low = (voxels.amin(0) - margin).clamp_min(0).tolist()
    high = (voxels.amax(0) + 1 + margin).tolist()
    i, j, k = (min(h, n) - m for h, n, m in zip(high, grid.shape, low, strict=True))
    shift = np.eye(4)
    shift[:3, 3] = low
    return Grid((i, j, k), grid.affine_ras @ shift)
