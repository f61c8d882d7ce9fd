"""Randomness as data: every number that augmentation needs is drawn before it is applied, from a counter.

The counter is (seed, epoch, step, slot): the same four numbers give the same draw on any machine, in any order, so
a resumed run needs no saved generator. Source of the generator: Philox 4x64 (Salmon et al. 2011), in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.sampling.op import Parameters
from training.sampling.registry import INTENSITIES, MOVEMENTS
from training.spec import Augment, Sampling

SCHEME = "philox4x64, key (seed, stream), counter (0, slot, step, epoch)"
"""The way in which draws follow from counters, for the run record."""

_ORDER, _SLOT = 0, 1


@dataclass(frozen=True)
class Draw:
    """The parameters of one slot of a batch.

    Attributes:
        centre: three uniforms in 0..1 for the position of the patch.
        foreground: uniform that picks a voxel of the target as centre, or None to use `centre`.
        parameters: those of every augmentation, by name: three numbers for a movement, one for each channel for an
            intensity.
        noise_seed: seed of fields that are drawn voxel by voxel.
    """

    centre: tuple[float, float, float]
    foreground: float | None
    parameters: Parameters
    noise_seed: int


def order(seed: int, epoch: int, samples: int, repeats: int = 1) -> list[int]:
    """The order in which an epoch visits the samples: `repeats` permutations of 0..samples-1, one after the other.

    Args:
        seed: seed of the run.
        epoch: number of the epoch.
        samples: number of samples.
        repeats: how many times each sample is visited.
    """
    generator = _generator(seed, _ORDER, (epoch, 0, 0))
    return [int(i) for _ in range(repeats) for i in generator.permutation(samples)]


def draw(ranges: Augment, sampling: Sampling, channels: int, seed: int, counter: tuple[int, int, int]) -> Draw:
    """The parameters of one slot.

    Args:
        ranges: the ranges from which they are drawn.
        sampling: gives the share of patches that are centred on the target.
        channels: number of channels of the image.
        seed: seed of the run.
        counter: (epoch, step within the epoch, slot within the batch).
    """
    # The order never changes: the seed in a run's record must give the same draws again.
    sizes = [3, 2, *(op.uniforms for op in MOVEMENTS), *(2 * channels for _ in INTENSITIES)]
    row = _generator(seed, _SLOT, counter).random(sum(sizes))
    centre, foreground, *others = np.split(row, np.cumsum(sizes)[:-1])
    parameters: dict[str, tuple[float, ...]] = {}
    for op, u in zip(MOVEMENTS, others, strict=False):
        parameters.update(op.draw(u, ranges))
    for intensity, u in zip(INTENSITIES, others[len(MOVEMENTS) :], strict=True):
        gate, value = u.reshape(2, channels)
        drawn = intensity.draw(value, getattr(ranges, intensity.name, intensity.default))
        parameters[intensity.name] = tuple(np.where(gate < ranges.intensity, drawn, intensity.neutral).tolist())
    return Draw(
        centre=(float(centre[0]), float(centre[1]), float(centre[2])),
        foreground=float(foreground[1]) if foreground[0] < sampling.foreground_share else None,
        parameters=parameters,
        noise_seed=int(_generator(seed, _SLOT + 1, counter).integers(2**62)),
    )


def _generator(seed: int, stream: int, counter: tuple[int, int, int]) -> np.random.Generator:
    epoch, step, slot = counter
    key = np.array([seed, stream], dtype=np.uint64)
    start = np.array([0, slot, step, epoch], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=start))
