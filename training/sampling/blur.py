"""Blur: a Gaussian of standard deviation s voxels along each axis, s uniform in 0 .. `augment.blur_voxels`.

The kernel exp(-(n / s) ** 2 / 2) reaches ceil(3 s) voxels and sums to 1; voxels beyond a border repeat it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

from training.sampling.op import Uniforms

name, default, neutral, place = "blur_voxels", 0.0, 0.0, 10


def draw(u: Uniforms, width: float) -> Uniforms:
    """The standard deviations in voxels."""
    return u * width


def apply(images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """The images, each channel blurred by its own width."""
    if not bool((value > 0).any()):
        return images
    blurred = images.clone()
    for b, c in torch.nonzero(value[:, :, 0, 0, 0]).tolist():
        blurred[b, c] = _smooth(images[b, c], float(value[b, c]))
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
