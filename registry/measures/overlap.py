"""Two masks compared by their voxels, and several masks counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def dice(one: Array, other: Array) -> float | None:
    """Twice the overlap over the sum of both sizes, of two bool masks of one shape; None where both are empty."""
    total = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2 * int(np.count_nonzero(one & other)) / total if total else None


def count_votes(masks: Sequence[Array]) -> npt.NDArray[np.uint8]:
    """How many of at most 255 bool masks of one shape mark each voxel."""
    votes = np.zeros(masks[0].shape, dtype=np.uint8)
    for mask in masks:
        votes += mask.astype(np.uint8)
    return votes


def majority(votes: Array, n: int) -> npt.NDArray[np.bool_]:
    """Marked by more than half of `n` raters; a tie is background. `votes` as `count_votes` gives them."""
    return np.asarray(votes * 2.0 > n)


def majority_labels(maps: Sequence[Array], labels: Sequence[int]) -> npt.NDArray[np.uint16]:
    """The label more than half of the raters chose, else background.

    Args:
        maps: (I, J, K) label values, one per rater.
        labels: foreground label values.

    Returns:
        (I, J, K) label values. Of two raters both must agree; of one, it is that rater's map.
    """
    out = np.zeros(maps[0].shape, dtype=np.uint16)
    for label in labels:
        out[majority(count_votes([found == label for found in maps]), len(maps))] = label
    return out
