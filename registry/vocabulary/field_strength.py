"""The rated field strength of a magnet, found from the number that a sidecar states."""

from __future__ import annotations

from functools import lru_cache

RATED_T = (
    *(0.064, 0.2, 0.23, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.7, 1.0, 1.2, 1.5, 2.0, 3.0, 4.0, 4.7, 5.0, 7.0, 8.0, 9.4),
    *(10.5, 11.7, 14.1, 15.2, 16.4, 17.6, 21.1),
)
"""Rated strengths of magnets in use, for people and for animals, in tesla."""

NEAR = 0.05
"""A number that is at most this share away from a rated strength means it."""

LARGEST_T = 25.0
"""No magnet that images a living thing is stronger."""


@lru_cache(maxsize=1024)  # a cohort states few numbers, and each image one
def find_nominal(stated_t: float | None) -> float | None:
    """The rated strength in tesla that a stated one means; None where it is absent or absurd.

    BIDS defines `MagneticFieldStrength` as the nominal strength, but scanners state what they measured: 2.89362 T is
    a 3 T magnet, 1.494 T one of 1.5 T. The nearest of `RATED_T` counts where it is at most `NEAR` away. Any other
    number up to `LARGEST_T` is returned as it is: a magnet may be one that we do not know. Zero, negative and larger
    numbers are None: 30000 was written in gauss, 3000 in millitesla, and a guess would be a number that nobody stated.

    Args:
        stated_t: as the sidecar states it.
    """
    if stated_t is None or not 0 < stated_t <= LARGEST_T:
        return None
    nearest = min(RATED_T, key=lambda rated: abs(rated - stated_t))
    return nearest if abs(nearest - stated_t) <= NEAR * nearest else stated_t


def name_scanner(make: str | None, model: str | None, stated_t: float | None) -> str | None:
    """`Siemens Skyra 3 T`: one name for one magnet, whichever number near its rated strength a sidecar states.

    None without manufacturer and model: a strength alone names no scanner.

    Args:
        make: the manufacturer.
        model: the manufacturer's name of the model.
        stated_t: as the sidecar states it; a strength that no magnet has is left out.
    """
    named = [word for word in (make, model) if word]
    nominal_t = find_nominal(stated_t)
    return " ".join([*named, *([] if nominal_t is None else [f"{nominal_t:g} T"])]) if named else None
