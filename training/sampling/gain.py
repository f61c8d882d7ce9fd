"""Gain: x becomes g x, g uniform in 1 +- `augment.gain`."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from training.sampling.op import Uniforms, spread

name, default, neutral, place = "gain", 0.0, 1.0, 30


def draw(u: Uniforms, width: float) -> Uniforms:
    """The factors."""
    return 1 + spread(u, width)


def apply(images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """The images times their factors."""
    return images * value
