"""Drawn parameters applied to a batch in torch: one resampling for crop, affine and flip, then intensities.

A draw whose parameters are neutral changes nothing but the crop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from training.data.resampling import sample_at
from training.sampling.draws import Draw

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
    image = torch.stack([_padded(x, box) for x in images])
    target = torch.stack([_padded(x[None].to(image.dtype), box) for x in targets])
    where = torch.stack([positions(d, _centre(d, t, patch), patch) for d, t in zip(draws, targets, strict=True)])
    where = where.to(image.device)
    return sample_at(image, where), sample_at(target, where, "nearest").round().long()


def positions(drawn: Draw, centre: Sequence[float], patch: Size) -> torch.Tensor:
    """Where in its volume each voxel of a patch is taken from.

    Args:
        drawn: rotation, scale, translation, mirror.
        centre: voxel position of the patch's middle.
        patch: size of the patch.

    Returns:
        (*patch, 3) voxel indices.
    """
    steps = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in patch]
    offsets = torch.stack(torch.meshgrid(*steps, indexing="ij"), dim=-1)
    middle = torch.tensor(centre, dtype=torch.float32) + torch.tensor(drawn.translate_voxels)
    return offsets @ matrix(drawn).T + middle


def matrix(drawn: Draw) -> torch.Tensor:
    """(3, 3) from offsets in the patch to offsets in the volume: rotation after scale and mirror."""
    turned = torch.eye(3, dtype=torch.float64)
    for axis, degrees in enumerate(drawn.rotate_deg):
        turned = turned @ _turn(axis, math.radians(degrees))
    sign = torch.tensor([-1.0 if flip else 1.0 for flip in drawn.flip], dtype=torch.float64)
    return (turned @ torch.diag(torch.tensor(drawn.scale, dtype=torch.float64) * sign)).float()


def intensities(images: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    """Blur, gamma, gain and offset, noise, in this order.

    Args:
        images: (B, C, I, J, K).
        draws: B draws.

    Returns:
        The same shape.
    """
    images = blur(images, _column(images, [d.blur_voxels for d in draws]))
    images = gamma(images, _column(images, [d.gamma for d in draws]))
    images = images * _column(images, [d.gain for d in draws]) + _column(images, [d.offset for d in draws])
    return _noisy(images, draws)


def gamma(images: torch.Tensor, exponent: torch.Tensor) -> torch.Tensor:
    """Raise each channel, brought to 0..1 by its own range, to a power; the range stays the same.

    Args:
        images: (B, C, I, J, K).
        exponent: (B, C, 1, 1, 1); where it is 1 the channel is returned unchanged.
    """
    if bool((exponent == 1).all()):
        return images
    low, high = images.amin((2, 3, 4), keepdim=True), images.amax((2, 3, 4), keepdim=True)
    span = (high - low).clamp_min(1e-6)
    bent = ((images - low) / span).pow(exponent) * span + low
    return torch.where(exponent == 1, images, bent)


def blur(images: torch.Tensor, sd: torch.Tensor) -> torch.Tensor:
    """Gaussian blur, one width per channel, replicated borders.

    Args:
        images: (B, C, I, J, K).
        sd: (B, C, 1, 1, 1) standard deviation in voxels; 0 leaves a channel as it is.
    """
    if not bool((sd > 0).any()):
        return images
    blurred = images.clone()
    for b, c in torch.nonzero(sd[:, :, 0, 0, 0]).tolist():
        blurred[b, c] = _smooth(images[b, c], float(sd[b, c]))
    return blurred


def _smooth(volume: torch.Tensor, sd: float) -> torch.Tensor:
    radius = max(1, math.ceil(3 * sd))
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=volume.device) / sd) ** 2)
    kernel = (kernel / kernel.sum()).to(volume.dtype)
    out = volume[None, None]
    for axis in range(3):
        shape = [1, 1, 1, 1, 1]
        shape[axis + 2] = -1
        pad = [0, 0, 0, 0, 0, 0]
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = radius
        out = functional.conv3d(functional.pad(out, pad, mode="replicate"), kernel.reshape(shape))
    return out[0, 0]


def _noisy(images: torch.Tensor, draws: Sequence[Draw]) -> torch.Tensor:
    return torch.stack([_one_noisy(image, drawn) for image, drawn in zip(images, draws, strict=True)])


def _one_noisy(image: torch.Tensor, drawn: Draw) -> torch.Tensor:
    if not any(drawn.noise):
        return image
    field = torch.randn(image.shape, generator=torch.Generator().manual_seed(drawn.noise_seed)).to(image)
    return image + field * torch.tensor(drawn.noise).to(image).reshape(-1, 1, 1, 1)


def _column(images: torch.Tensor, values: Sequence[Sequence[float]]) -> torch.Tensor:
    return torch.tensor(values, dtype=images.dtype, device=images.device)[:, :, None, None, None]


def _padded(volume: torch.Tensor, box: Sequence[int]) -> torch.Tensor:
    missing = [b - n for b, n in zip(box, volume.shape[1:], strict=True)]
    return functional.pad(volume, [0, missing[2], 0, missing[1], 0, missing[0]]) if any(missing) else volume


def _centre(drawn: Draw, target: torch.Tensor, patch: Size) -> list[float]:
    if drawn.foreground is not None:
        places = torch.nonzero(target)
        if len(places):
            place = places[min(int(drawn.foreground * len(places)), len(places) - 1)].tolist()
            return [v + (0.5 if p % 2 == 0 else 0.0) for v, p in zip(place, patch, strict=True)]  # whole-voxel shifts
    slack = [max(n - p, 0) for n, p in zip(target.shape, patch, strict=True)]
    return [
        # A whole voxel shift, so that an unmoved patch is a copy and not a blend of neighbours.
        min(int(u * (room + 1)), room) + (p - 1) / 2 if room else (n - 1) / 2 - ((n - p) % 2) / 2
        for u, room, n, p in zip(drawn.centre, slack, target.shape, patch, strict=True)
    ]


def _turn(axis: int, angle: float) -> torch.Tensor:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out = torch.eye(3, dtype=torch.float64)
    out[a, a] = out[b, b] = math.cos(angle)
    out[a, b], out[b, a] = -math.sin(angle), math.sin(angle)
    return out
