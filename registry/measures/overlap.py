"""Compare two masks by their voxels, and combine the masks of several raters by majority."""

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
    """The number of masks, at most 255 bool ones of one shape, that mark each voxel."""
    votes = np.zeros(masks[0].shape, dtype=np.uint8)
    for mask in masks:
        votes += mask.astype(np.uint8)
    return votes


def majority(votes: Array, n: int) -> npt.NDArray[np.bool_]:
    """The voxels that more than half of `n` raters mark; a tie is background. `votes` is as `count_votes` gives it."""
    return np.asarray(votes * 2.0 > n)


def majority_labels(maps: Sequence[Array], labels: Sequence[int]) -> npt.NDArray[np.uint16]:
    """The label that more than half of the raters chose, else background.

    Args:
        maps: (I, J, K) label values, one per rater.
        labels: foreground label values.

    Returns:
        (I, J, K) label values. Two raters must agree; one rater's map is the result.
    """
    out = np.zeros(maps[0].shape, dtype=np.uint16)
    for label in labels:
        out[majority(count_votes([map_ == label for map_ in maps]), len(maps))] = label
    return out
