"""The asymmetry of a head: the difference of its left and right as a small picture, which finds mirrored images.

The fingerprint of an image (`curation.persons.fingerprints`) is turned upright, so that left and right lie on either
side of its middle plane, and its mirror image is subtracted. Mirroring an image changes the sign of the difference and
nothing else: two images of one head agree (towards 1), an image and a mirrored one disagree (towards -1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.persons import fingerprints
from curation.persons.fingerprints import MIN_SHARED, SIZE, Fingerprint

VERSION = "1"
"""Raise it when a number here changes."""

_HALF = SIZE // 2
_TURN = 20.0
_SMOOTH = 0.8
_EVERY = 3
_LEAST = 60
"""Cubes that must lie in both fields of view, on either side (100 cm3)."""

MIN_SYMMETRY = 0.5
"""Correlation of an image with its mirror image below which it has no middle plane, as in a thigh."""

Array = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asymmetry:
    """Left minus right of an upright image, in cubes of 12 mm.

    Attributes:
        values: (8, 16, 16) int8, the half right of the middle plane, the largest as 127; 0 where both sides are equal
            or one is outside the field of view.
        symmetry: correlation of the upright image with its mirror image.
    """

    values: npt.NDArray[np.int8]
    symmetry: float


def of(print_: Fingerprint) -> Asymmetry | None:
    """The asymmetry of an image; None where its field of view is too small or it has no middle plane."""
    from scipy import ndimage, optimize

    if np.count_nonzero(print_.seen & print_.seen[::-1]) < MIN_SHARED // 2:
        return None
    search = _Middle(print_, _EVERY)
    options = {"maxfev": 150, "xtol": 0.02, "ftol": 1e-3}
    found = optimize.minimize(search.cost, np.zeros(3), method="Powell", options=options)
    values, seen = _Middle(print_, 1).upright(found.x)
    both = seen & seen[::-1]
    symmetry = _correlation(values, values[::-1], both)
    if symmetry < MIN_SYMMETRY or np.count_nonzero(both) < MIN_SHARED:
        return None
    odd = ndimage.gaussian_filter(np.where(both, values - values[::-1], 0), _SMOOTH)
    return Asymmetry(_coarse(odd[_HALF:], both[_HALF:]), symmetry)


def _coarse(odd: Array, seen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int8]:
    """Means of cubes of 2 x 2 x 2 points, the largest as 127; 0 where a cube is not wholly in the field of view."""
    blocks = (_HALF // 2, 2, SIZE // 2, 2, SIZE // 2, 2)
    means = odd.reshape(blocks).mean(axis=(1, 3, 5)) * seen.reshape(blocks).all(axis=(1, 3, 5))
    return np.asarray(np.rint(means / max(float(np.abs(means).max()), 1e-9) * 127), dtype=np.int8)


def agreement(a: Asymmetry, b: Asymmetry) -> float:
    """The agreement of two images, from 1 (not mirrored) to -1 (one is mirrored); 0 below `_LEAST` shared cubes."""
    both = (a.values != 0) & (b.values != 0)
    if np.count_nonzero(both) < _LEAST:
        return 0.0
    return cosine(a.values[both], b.values[both])


def cosine(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Correlation about zero; 0 where either array is zero everywhere."""
    x, y = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0


class _Middle:
    """The function to minimise: minus the symmetry of a fingerprint about the plane x = 0 after a motion.

    A motion is roll and yaw (1/20 rad) and a shift to the right (points).
    """

    def __init__(self, print_: Fingerprint, every: int) -> None:
        self._print, self._every = print_, every
        grid = np.indices((SIZE, SIZE, SIZE)).reshape(3, -1)
        self._points: Points = np.asarray(grid[:, ::every] - (SIZE - 1) / 2, dtype=np.float64)
        self._mirrored: Points = np.asarray(self._points * [[-1], [1], [1]], dtype=np.float64)

    def cost(self, motion: Points) -> float:
        one, one_seen = self._sample(self._points, motion)
        other, other_seen = self._sample(self._mirrored, motion)
        return -_correlation(one, other, one_seen & other_seen)

    def upright(self, motion: Points) -> tuple[Array, npt.NDArray[np.bool_]]:
        values, seen = self._sample(self._points, motion)
        return values.reshape(SIZE, SIZE, SIZE), seen.reshape(SIZE, SIZE, SIZE)

    def _sample(self, points: Points, motion: Points) -> tuple[Array, npt.NDArray[np.bool_]]:
        from scipy import ndimage

        roll, yaw = motion[:2] / _TURN
        turn = fingerprints.rotation(np.array([0, roll, yaw]))
        moved = turn @ points + np.array([[motion[2]], [0], [0]]) + (SIZE - 1) / 2
        near = np.rint(moved).astype(int)
        inside = ((near >= 0) & (near < SIZE)).all(axis=0)
        seen = inside & self._print.seen[tuple(np.clip(near, 0, SIZE - 1))]
        values = ndimage.map_coordinates(self._print.values, moved, order=1, mode="nearest")
        return values.astype(np.float32), seen


def _correlation(a: Array, b: Array, where: npt.NDArray[np.bool_]) -> float:
    if np.count_nonzero(where) < MIN_SHARED // 8:
        return 0.0
    x, y = a[where] - a[where].mean(), b[where] - b[where].mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0
