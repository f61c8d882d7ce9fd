"""How several readings become one mask: pure functions of voxels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.errors import UsageError

Labels = npt.NDArray[np.integer[Any]]
Votes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Recipe:
    """A frozen way to combine readings.

    Attributes:
        name: the `desc` of what it writes, and `Algorithm` in its sidecar.
        parameters: everything that decides the result beside the readings.
        combine: vote map (I, J, K) and number of readings to a binary mask (I, J, K).
    """

    name: str
    parameters: Mapping[str, Any]
    combine: Callable[[Votes, int], npt.NDArray[np.bool_]]


def vote_map(readings: Sequence[Labels]) -> Votes:
    """How many readings mark each voxel, (I, J, K) uint8.

    Args:
        readings: label maps of one shape; anything but 0 counts as marked. At most 255.
    """
    votes = np.zeros(readings[0].shape, dtype=np.uint8)
    for reading in readings:
        votes += (reading != 0).astype(np.uint8)
    return votes


def majority(votes: Votes, n: int) -> npt.NDArray[np.bool_]:
    """Marked by more than half; a tie is background."""
    return np.asarray(votes * 2.0 > n)


def union(votes: Votes, n: int) -> npt.NDArray[np.bool_]:
    """Marked by at least one."""
    return np.asarray(votes > 0)


def intersection(votes: Votes, n: int) -> npt.NDArray[np.bool_]:
    """Marked by all."""
    return np.asarray(votes == n)


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("majority", {"threshold": "more than half", "tie": "background"}, majority),
        Recipe("union", {"threshold": "at least one"}, union),
        Recipe("intersection", {"threshold": "all"}, intersection),
    )
}


def get(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        UsageError: no such recipe.
    """
    if name not in RECIPES:
        raise UsageError(f"There is no consensus recipe '{name}'.", f"Known: {', '.join(RECIPES)}.")
    return RECIPES[name]
