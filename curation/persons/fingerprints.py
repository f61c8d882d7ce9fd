"""A fingerprint: a small picture of an image, by which two images of one head (or one neck) are recognised.

A fingerprint is the image on a coarse grid about its centre of mass, band-passed so that brightness, bias field and
coil do not count. Two fingerprints are compared where both fields of view overlap. `nearest` ranks pairs without
alignment; `compare` then moves one of a pair rigidly, because heads lie differently at each visit. The measurements
behind the thresholds are in `docs/identity.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.files import volumes
from registry.measures.components import components

Array = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SIZE, STEP_MM = 32, 6.0
"""Points along each axis, and their distance: a cube of 192 mm."""

VERSION = "1"
"""Part of the cache's key: raise it when a number here changes."""

MIN_SHARED = 1500
"""Points that must lie in both fields of view (324 cm3); less says nothing about whose head it is."""

RANKED = 0.4
"""Correlation without alignment below which a pair is not aligned."""

ALIKE = 0.845
"""Correlation after alignment from which two images are proposed as one person."""

_BAND = 1.2
_STARTS_DEG = (0.0, -12.0, 12.0)


@dataclass(frozen=True)
class Fingerprint:
    """An image on the coarse grid.

    Attributes:
        values: (32, 32, 32), RAS axes, band-passed; 0 outside the field of view.
        seen: where the image has voxels.
    """

    values: Array
    seen: Mask


def of_file(path: Path) -> Fingerprint:
    """The fingerprint of a NIfTI image; in a series, of its first volume.

    Raises:
        InvalidInput: the file is no readable image.
    """
    return of_volume(volumes.load(path))


def of_volume(volume: volumes.Volume) -> Fingerprint:
    """The fingerprint of voxels that were read already; in a series, of its first volume."""
    data = np.nan_to_num(volume.data[..., 0] if volume.data.ndim == 4 else volume.data).astype(np.float32)
    low, high = np.percentile(data, [1, 99.5])
    data = np.clip((data - low) / max(float(high - low), 1e-9), 0, 1)
    return _band_pass(*_sample(data, volume.affine_ras, volume.spacing_mm))


def _sample(data: Array, affine: volumes.Array, spacing_mm: Sequence[float]) -> tuple[Array, Mask]:
    """The image on the coarse grid about the centre of its largest bright part, and where the image reaches."""
    from scipy import ndimage

    middle_mm = affine[:3, :3] @ centre(data) + affine[:3, 3]
    sigma = [STEP_MM / 2 / edge if edge < STEP_MM else 0 for edge in spacing_mm]
    smooth = ndimage.gaussian_filter(data, sigma)
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * STEP_MM
    points_mm = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")).reshape(3, -1) + middle_mm[:, None]
    voxels = np.linalg.inv(affine[:3, :3]) @ (points_mm - affine[:3, 3:4])
    top = np.array(data.shape)[:, None] - 0.5
    seen = ((voxels >= -0.5) & (voxels <= top)).all(axis=0)
    values = ndimage.map_coordinates(smooth, voxels, order=1, mode="nearest")
    return values.reshape(SIZE, SIZE, SIZE), seen.reshape(SIZE, SIZE, SIZE)


def centre(data: Array) -> volumes.Array:
    """Centre, in voxels, of the largest connected part brighter than Otsu's threshold."""
    labels, sizes = components(data > otsu(data), connectivity=6)
    if not len(sizes):
        return (np.array(data.shape) - 1) / 2
    return np.asarray(np.argwhere(labels == int(np.argmax(sizes)) + 1).mean(axis=0))


def otsu(data: Array) -> float:
    """The threshold that parts the histogram into two classes farthest apart (Otsu 1979)."""
    counts, edges = np.histogram(data, 256, (0, 1))
    centres = (edges[1:] + edges[:-1]) / 2
    below, moment = np.cumsum(counts), np.cumsum(counts * centres)
    above = below[-1] - below
    between = (moment * below[-1] - moment[-1] * below) ** 2 / np.maximum(below * above, 1)
    return float(centres[np.argmax(between)])


def _band_pass(values: Array, seen: Mask) -> Fingerprint:
    """The fingerprint without what is smooth; the blur is weighted, so that the field of view's edge is no step."""
    from scipy import ndimage

    weight = seen.astype(np.float32)
    smooth = ndimage.gaussian_filter(values * weight, _BAND) / np.maximum(ndimage.gaussian_filter(weight, _BAND), 1e-3)
    return Fingerprint(((values - smooth) * weight).astype(np.float32), seen)


def correlation(a: Fingerprint, b: Fingerprint) -> float:
    """Pearson's correlation where both fields of view overlap; 0 where that is fewer than `MIN_SHARED` points."""
    return _correlation(a.values, b.values, a.seen & b.seen, MIN_SHARED)


def _correlation(a: Array, b: Array, where: Mask, least: int) -> float:
    if np.count_nonzero(where) < least:
        return 0.0
    x, y = a[where] - a[where].mean(), b[where] - b[where].mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else 0.0


def nearest(prints: Sequence[Fingerprint], allowed: Mask, most: int = 3) -> Iterator[tuple[int, int]]:
    """Pairs of indices (i, j), i < j, sorted: the pairs worth aligning, each image with the others most like it.

    Args:
        prints: n fingerprints.
        allowed: (n, n), whether a pair may be proposed at all.
        most: how many others for each image.
    """
    found = set()
    for first in range(len(prints)):
        others = [int(second) for second in np.flatnonzero(allowed[first]) if second != first]
        ranked = sorted(((correlation(prints[first], prints[other]), other) for other in others), reverse=True)
        found |= {(min(first, other), max(first, other)) for score, other in ranked[:most] if score >= RANKED}
    yield from sorted(found)


def compare(a: Fingerprint, b: Fingerprint) -> float:
    """The correlation of two fingerprints, at most 1, after the best rigid motion that was found."""
    return align(a, b).score


def align(a: Fingerprint, b: Fingerprint) -> Alignment:
    """The best rigid motion found of the second head onto the first; none, with score 0, below `MIN_SHARED` points."""
    from scipy import optimize

    if np.count_nonzero(a.seen & b.seen) < MIN_SHARED:
        return Alignment(0.0)
    search = _Search(a, b, every=4)  # a quarter of the points finds the motion; all of them give its score
    options = {"maxfev": 300, "xtol": 0.02, "ftol": 1e-3}
    starts = [np.array([np.radians(turn) * _TURN, 0, 0, 0, 0, 0]) for turn in _STARTS_DEG]
    tried = [optimize.minimize(search.cost, start, method="Powell", options=options) for start in starts]
    best = min(tried, key=lambda result: float(result.fun))
    moved, unmoved = -_Search(a, b, every=1).cost(best.x), correlation(a, b)
    if unmoved >= moved:
        return Alignment(unmoved)
    return Alignment(moved, rotation(best.x[:3] / _TURN), best.x[3:] * STEP_MM)


@dataclass(frozen=True)
class Alignment:
    """The rigid motion from one head to another, and how alike they are after it.

    Attributes:
        score: correlation after the motion, at most 1.
        turn: (3, 3) and `shift_mm` (3): what lies at `p` mm from the centre of the first head lies at
            `turn @ p + shift_mm` from the centre of the second.
    """

    score: float
    turn: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))
    shift_mm: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))


_TURN = 20.0
"""Rotations are searched in units of 1/20 rad, so that one unit moves the head's edge about as far as one point."""


class _Search:
    """The function to minimise: how unlike two fingerprints are under a rigid motion of the second.

    Args:
        a: the first fingerprint.
        b: the second fingerprint, which is moved.
        every: use every n-th point of the grid.
    """

    def __init__(self, a: Fingerprint, b: Fingerprint, every: int) -> None:
        grid = np.indices((SIZE, SIZE, SIZE)).reshape(3, -1)[:, ::every] - (SIZE - 1) / 2
        self._values, self._seen = a.values.ravel()[::every], a.seen.ravel()[::every]
        self._grid, self._other, self._every = grid, b, every

    def cost(self, motion: npt.NDArray[np.float64]) -> float:
        """Minus the correlation; `motion` is three turns (1/20 rad) about R, A, S and three shifts (points)."""
        from scipy import ndimage

        points = rotation(motion[:3] / _TURN) @ self._grid + motion[3:, None] + (SIZE - 1) / 2
        nearest_points = np.rint(points).astype(int)
        inside = ((nearest_points >= 0) & (nearest_points < SIZE)).all(axis=0)
        at = tuple(np.clip(nearest_points, 0, SIZE - 1))
        seen = self._seen & inside & self._other.seen[at]
        moved = ndimage.map_coordinates(self._other.values, points, order=1, mode="nearest")
        return -_correlation(self._values, moved, seen, MIN_SHARED // self._every)


def rotation(turns: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The matrix (3, 3) that turns by these angles (radians) about R, then A, then S."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(turns), np.sin(turns)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)
