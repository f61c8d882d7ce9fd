"""Noise: x becomes x + s n, n standard normal in each voxel, s uniform in 0 .. `augment.noise`."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from training.sampling.op import Uniforms

name, default, neutral, place = "noise", 0.0, 0.0, 50


def draw(u: Uniforms, width: float) -> Uniforms:
    """The standard deviations."""
    return u * width


def apply(images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """The images with noise. The field is drawn on the processor, so that it is the same on every device."""
    noisy = [_add_noise(image, sd, seed) for image, sd, seed in zip(images, value, seeds, strict=True)]
    return torch.stack(noisy)


def _add_noise(image: torch.Tensor, sd: torch.Tensor, seed: int) -> torch.Tensor:
    if not bool(sd.any()):
        return image
    return image + torch.randn(image.shape, generator=torch.Generator().manual_seed(seed)).to(image) * sd
