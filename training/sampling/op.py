"""The two forms of an augmentation, and the two distributions of parameters.

An augmentation is one file with its range, its formula, the drawing of its parameters and their use. The range is the
field of `training.spec.Augment` that has the augmentation's name; one that is registered from outside has no field
there, and its `default` is the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from training.spec import Augment

Uniforms = npt.NDArray[np.float64]
Parameters = Mapping[str, tuple[float, ...]]


class Movement(Protocol):
    """An augmentation that moves voxels. All of them together are one resampling.

    Attributes:
        name: name of the augmentation.
        uniforms: number of uniforms that it draws from.
    """

    name: str
    uniforms: int

    def draw(self, u: Uniforms, ranges: Augment) -> Parameters:
        """The parameters by name, three numbers each, from (uniforms,) numbers in 0..1."""

    def matrix(self, drawn: Parameters) -> torch.Tensor:
        """The (3, 3) float64 matrix from offsets in the moved patch to offsets before the movement."""

    def shift(self, drawn: Parameters) -> tuple[float, ...]:
        """Voxels by which the middle of the patch moves in the volume, three numbers."""


class Intensity(Protocol):
    """An augmentation that changes values, channel by channel, each with probability `augment.intensity`.

    Attributes:
        name: name of the augmentation, of its range and of its parameter.
        default: the range where the configuration has no field of that name.
        neutral: the parameter that changes nothing.
        place: position in the order of application; lower ones come first.
    """

    name: str
    default: float
    neutral: float
    place: int

    def draw(self, u: Uniforms, width: float) -> Uniforms:
        """One parameter for each channel.

        Args:
            u: (C,) numbers in 0..1.
            width: the range.

        Returns:
            (C,) parameters.
        """

    def apply(self, images: torch.Tensor, value: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
        """The changed images; a channel with the neutral value stays as it is.

        Args:
            images: (B, C, I, J, K).
            value: (B, C, 1, 1, 1) parameters, on the device of the images.
            seeds: B seeds for fields that are drawn voxel by voxel. All augmentations get the same ones.

        Returns:
            The same shape.
        """


def spread(u: Uniforms, width: float) -> Uniforms:
    """Numbers uniform in -width .. width: (2 u - 1) width."""
    return (2 * u - 1) * width


def factor(u: Uniforms, width: float) -> Uniforms:
    """Factors uniform on a log scale in 1 / (1 + width) .. 1 + width: (1 + width) ** (2 u - 1)."""
    return np.asarray(np.exp((2 * u - 1) * np.log1p(width)))
