"""Rotation, scale and translation, together with probability `augment.affine`.

`rotate_deg`: uniform in +- `rotate_deg`, about each of the axes i, j, k.
`scale`: a factor for each axis, uniform on a log scale in 1 / (1 + `scale`) .. 1 + `scale`.
`translate_voxels`: uniform in +- `translate_voxels`, along each axis.

The voxel at offset x from the middle of the patch is read at R_i R_j R_k diag(scale) x + translation in the volume. The
units are voxels; spacing plays no part.
"""

from __future__ import annotations

import math

import torch

from training.sampling.op import Parameters, Uniforms, factor, spread
from training.spec import Augment

name = "affine"
uniforms = 10


def draw(u: Uniforms, ranges: Augment) -> Parameters:
    """The nine parameters: the first uniform decides whether they are neutral, the others give their values."""
    moved = u[0] < ranges.affine
    return {
        "rotate_deg": tuple((spread(u[1:4], ranges.rotate_deg) * moved).tolist()),
        "scale": tuple((factor(u[4:7], ranges.scale) ** float(moved)).tolist()),
        "translate_voxels": tuple((spread(u[7:10], ranges.translate_voxels) * moved).tolist()),
    }


def matrix(drawn: Parameters) -> torch.Tensor:
    """The (3, 3) matrix of the scale followed by the rotations."""
    turned = torch.eye(3, dtype=torch.float64)
    for axis, degrees in enumerate(drawn["rotate_deg"]):
        turned = turned @ _turn(axis, math.radians(degrees))
    return turned @ torch.diag(torch.tensor(drawn["scale"], dtype=torch.float64))


def shift(drawn: Parameters) -> tuple[float, ...]:
    """The translation."""
    return drawn["translate_voxels"]


def _turn(axis: int, angle: float) -> torch.Tensor:
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out = torch.eye(3, dtype=torch.float64)
    out[a, a] = out[b, b] = math.cos(angle)
    out[a, b], out[b, a] = -math.sin(angle), math.sin(angle)
    return out
