"""Offset: x becomes x + o, o uniform in +- `augment.offset`, in units of the normalised image."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from training.sampling.op import Uniforms, spread

name, default, neutral, place = "offset", 0.0, 0.0, 40


def draw(u: Uniforms, width: float) -> Uniforms:
    """The offsets."""
    return spread(u, width)


def apply(images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
    """The images plus their offsets."""
    return images + value
