"""Randomness as data: every number augmentation needs is drawn first, from a counter.

The counter is (seed, epoch, step, slot): the same four numbers give the same draw on any machine, in any order, so
a resumed run needs no saved generator. Source of the generator: Philox 4x64 (Salmon et al. 2011), in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.spec import Augment, Sampling

SCHEME = "philox4x64, key (seed, stream), counter (0, slot, step, epoch)"
"""How draws follow from counters; written to the run record."""

_ORDER, _SLOT = 0, 1


@dataclass(frozen=True)
class Draw:
    """The parameters of one slot of a batch.

    Attributes:
        centre: three uniforms in 0..1: where the patch lies.
        foreground: uniform that picks a voxel of the target as centre, or None to use `centre`.
        rotate_deg: about axes i, j, k.
        scale: factor per axis.
        translate_voxels: per axis.
        flip: whether each axis is mirrored.
        gain: factor per channel.
        offset: added per channel.
        gamma: exponent per channel.
        noise: standard deviation per channel.
        blur_voxels: standard deviation per channel; 0 for none.
        noise_seed: seed of the noise field.
    """

    centre: tuple[float, float, float]
    foreground: float | None
    rotate_deg: tuple[float, float, float]
    scale: tuple[float, float, float]
    translate_voxels: tuple[float, float, float]
    flip: tuple[bool, bool, bool]
    gain: tuple[float, ...]
    offset: tuple[float, ...]
    gamma: tuple[float, ...]
    noise: tuple[float, ...]
    blur_voxels: tuple[float, ...]
    noise_seed: int


def order(seed: int, epoch: int, samples: int, repeats: int = 1) -> list[int]:
    """The order in which an epoch visits the samples: `repeats` permutations of 0..samples-1, one after the other."""
    generator = _generator(seed, _ORDER, (epoch, 0, 0))
    return [int(i) for _ in range(repeats) for i in generator.permutation(samples)]


def draw(ranges: Augment, sampling: Sampling, channels: int, seed: int, counter: tuple[int, int, int]) -> Draw:
    """The parameters of one slot.

    Args:
        ranges: what they are drawn from.
        sampling: for the share of patches centred on the target.
        channels: of the image.
        seed: of the run.
        counter: (epoch, step within the epoch, slot within the batch).
    """
    u = _generator(seed, _SLOT, counter).random(16 + 10 * channels)
    moved = u[5] < ranges.affine
    per_channel = u[16:].reshape(10, channels)  # a gate and a value for each of five families
    on = per_channel[0::2] < ranges.intensity
    value = per_channel[1::2]
    return Draw(
        centre=_three(u[0:3]),
        foreground=float(u[4]) if u[3] < sampling.foreground_share else None,
        rotate_deg=_three(_spread(u[6:9], ranges.rotate_deg) * moved),
        scale=_three(_factor(u[9:12], ranges.scale) ** float(moved)),
        translate_voxels=_three(_spread(u[12:15], ranges.translate_voxels) * moved),
        flip=_flips(u[15], ranges.flip_axes),
        gain=_tuple(np.where(on[0], 1 + _spread(value[0], ranges.gain), 1.0)),
        offset=_tuple(np.where(on[1], _spread(value[1], ranges.offset), 0.0)),
        gamma=_tuple(np.where(on[2], _factor(value[2], ranges.gamma), 1.0)),
        noise=_tuple(np.where(on[3], value[3] * ranges.noise, 0.0)),
        blur_voxels=_tuple(np.where(on[4], value[4] * ranges.blur_voxels, 0.0)),
        noise_seed=int(_generator(seed, _SLOT + 1, counter).integers(2**62)),
    )


def _generator(seed: int, stream: int, counter: tuple[int, int, int]) -> np.random.Generator:
    epoch, step, slot = counter
    key = np.array([seed, stream], dtype=np.uint64)
    start = np.array([0, slot, step, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=start))


def _spread(u: np.ndarray, width: float) -> np.ndarray:
    return (2 * u - 1) * width


def _factor(u: np.ndarray, width: float) -> np.ndarray:
    return np.asarray(np.exp((2 * u - 1) * np.log1p(width)))


def _flips(u: float, axes: tuple[int, ...]) -> tuple[bool, bool, bool]:
    bits = int(u * 8)
    flipped = [axis in axes and bool(bits >> axis & 1) for axis in range(3)]
    return (flipped[0], flipped[1], flipped[2])


def _tuple(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def _three(values: np.ndarray) -> tuple[float, float, float]:
    return (float(values[0]), float(values[1]), float(values[2]))
