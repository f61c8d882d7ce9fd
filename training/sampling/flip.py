"""Mirrors along the axes in `augment.flip_axes`, each with probability one half.

One uniform u decides for three axes: axis a is mirrored where bit a of floor(8 u) is 1. An offset x becomes
diag(+-1) x.
"""

from __future__ import annotations

import torch

from training.sampling.op import Parameters, Uniforms
from training.spec import Augment

name = "flip"
uniforms = 1


def draw(u: Uniforms, ranges: Augment) -> Parameters:
    """Three numbers: 1 for a mirrored axis, else 0."""
    bits = int(u[0] * 8)
    return {"flip": tuple(float(axis in ranges.flip_axes and bits >> axis & 1) for axis in range(3))}


def matrix(drawn: Parameters) -> torch.Tensor:
    """The diagonal (3, 3) matrix of the signs."""
    return torch.diag(torch.tensor([-1.0 if flip else 1.0 for flip in drawn["flip"]], dtype=torch.float64))


def shift(drawn: Parameters) -> tuple[float, ...]:
    """Three zeros: the mirror plane goes through the middle of the patch."""
    return (0.0, 0.0, 0.0)
