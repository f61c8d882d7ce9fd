"""The table of augmentations. Its order is the order of draws: a new one is added at the end.

The draws of a slot are one row of uniforms, and each augmentation takes the next ones. So an augmentation at the end
does not change the draws of those before it.
"""

from __future__ import annotations

from training.sampling import affine, blur, flip, gain, gamma, noise, offset
from training.sampling.op import Intensity, Movement

MOVEMENTS: tuple[Movement, ...] = (affine, flip)
"""Applied together in one resampling; the last one acts first on offsets in the patch."""

INTENSITIES: list[Intensity] = [gain, offset, gamma, noise, blur]
"""Applied in the order of their `place`."""


def register(added: Intensity) -> None:
    """Add an augmentation of values at the end of the draws.

    Raises:
        ValueError: another augmentation has the name.
    """
    if any(added.name == one.name for one in INTENSITIES):
        raise ValueError(f"There is already an augmentation '{added.name}'.")
    INTENSITIES.append(added)
