"""Gamma: x becomes ((x - low) / span) ** g * span + low.

low and span are the minimum and the range of the channel in its patch. g is uniform on a log scale in
1 / (1 + `augment.gamma`) .. 1 + `augment.gamma`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from training.sampling.op import Uniforms, factor

name, default, neutral, place = "gamma", 0.0, 1.0, 20


def draw(u: Uniforms, width: float) -> Uniforms:
    """The exponents."""
    return factor(u, width)


def apply(images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """The images with their gamma curves; the range of each channel stays the same."""
    if bool((value == 1).all()):
        return images
    low, high = images.amin((2, 3, 4), keepdim=True), images.amax((2, 3, 4), keepdim=True)
    span = (high - low).clamp_min(1e-6)
    bent = ((images - low) / span).pow(value) * span + low
    return torch.where(value == 1, images, bent)
