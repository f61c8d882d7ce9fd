"""Drawn parameters applied to a batch in torch: one resampling for crop, affine and flip, then intensities.

A draw with neutral parameters does nothing but crop.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional

from training.data.resampling import sample_at
from training.sampling.draws import Draw
from training.sampling.registry import INTENSITIES, MOVEMENTS

Size = tuple[int, int, int]


def crop(
    images: Sequence[torch.Tensor], targets: Sequence[torch.Tensor], draws: Sequence[Draw], patch: Size
) -> tuple[torch.Tensor, torch.Tensor]:
    """Patches of a batch, moved and mirrored as drawn.

    Args:
        images: B tensors (C, I, J, K), float; shapes may differ.
        targets: B tensors (I, J, K), class indices.
        draws: B draws.
        patch: size of the result.

    Returns:
        images (B, C, *patch), 0 outside the volume; targets (B, 1, *patch) int64, background outside.
    """
    box = [max(t.shape[d] for t in targets) for d in range(3)]
    image = torch.stack([_pad(x, box) for x in images])
    target = torch.stack([_pad(x[None].to(image.dtype), box) for x in targets])
    where = torch.stack([positions(d, _centre(d, t, patch), patch) for d, t in zip(draws, targets, strict=True)])
    where = where.to(image.device)
    return sample_at(image, where), sample_at(target, where, "nearest").round().long()


def positions(drawn: Draw, centre: Sequence[float], patch: Size) -> torch.Tensor:
    """The position in its volume that each voxel of a patch is read from.

    Args:
        drawn: the parameters of the movements.
        centre: voxel position of the patch's middle.
        patch: size of the patch.

    Returns:
        (*patch, 3) voxel indices.
    """
    steps = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in patch]
    offsets = torch.stack(torch.meshgrid(*steps, indexing="ij"), dim=-1)
    middle = torch.tensor(centre, dtype=torch.float32)
    for op in MOVEMENTS:
        middle = middle + torch.tensor(op.shift(drawn.parameters))
    return offsets @ matrix(drawn).T + middle


def matrix(drawn: Draw) -> torch.Tensor:
    """The (3, 3) matrix from offsets in the patch to offsets in the volume, of all movements; the last acts first."""
    out = torch.eye(3, dtype=torch.float64)
    for op in MOVEMENTS:
        out = out @ op.matrix(drawn.parameters)
    return out.float()


def intensities(images: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    """The images after every augmentation of values, in the order of their places: blur, gamma, gain, offset, noise.

    Args:
        images: (B, C, I, J, K).
        draws: B draws.

    Returns:
        The same shape.
    """
    seeds = [drawn.noise_seed for drawn in draws]
    for op in sorted(INTENSITIES, key=lambda op: op.place):
        values = [drawn.parameters[op.name] for drawn in draws]
        value = torch.tensor(values, dtype=images.dtype, device=images.device)[:, :, None, None, None]
        images = op.apply(images, value, seeds)
    return images


def _pad(volume: torch.Tensor, box: Sequence[int]) -> torch.Tensor:
    missing = [b - n for b, n in zip(box, volume.shape[1:], strict=True)]
    return functional.pad(volume, [0, missing[2], 0, missing[1], 0, missing[0]]) if any(missing) else volume


def _centre(drawn: Draw, target: torch.Tensor, patch: Size) -> list[float]:
    if drawn.foreground is not None:
        voxels = torch.nonzero(target)
        if len(voxels):
            voxel = voxels[min(int(drawn.foreground * len(voxels)), len(voxels) - 1)].tolist()
            return [v + (0.5 if p % 2 == 0 else 0.0) for v, p in zip(voxel, patch, strict=True)]  # whole-voxel shifts
    slack = [max(n - p, 0) for n, p in zip(target.shape, patch, strict=True)]
    return [
        # The patch is shifted by whole voxels, so that one without movement is a copy and no blend of neighbours.
        min(int(u * (room + 1)), room) + (p - 1) / 2 if room else (n - 1) / 2 - ((n - p) % 2) / 2
        for u, room, n, p in zip(drawn.centre, slack, target.shape, patch, strict=True)
    ]
