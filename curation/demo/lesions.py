"""White-matter lesions: their positions, their change between two visits, and the voxels that they fill."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import ndimage

from curation.demo.atlas import Atlas
from registry.files.volumes import Array

VOLUME_RANGE_MM3 = (10.0, 2500.0)
_EDGE_MM = 1.6
_IRREGULAR = 0.22


class LesionChange(Enum):
    """The change of a lesion between the first and the second visit."""

    STABLE = "keeps its volume within a few percent"
    GROWING = "is larger at the second visit"
    SHRINKING = "is smaller at the second visit"
    NEW = "appears after the first visit"
    VANISHED = "is gone at the second visit"


@dataclass(frozen=True)
class DrawnLesion:
    """One lesion of one person, as drawn; nothing here depends on a scanner or a rater.

    Attributes:
        zone: a name in `atlas.ZONES`.
        place: 0 to 1, the rank of its centre among the zone's voxels.
        volumes_mm3: nominal volume at the two visits; 0 is absent.
        elongation: long axis over short axis; the long axis leaves the ventricle at a right angle.
        flair, t1: 0 to 1, its contrast in each image.
        conspicuity: standard normal; the higher, the more raters notice it.
        change: the meaning of the two volumes.
    """

    zone: str
    place: float
    volumes_mm3: tuple[float, float]
    elongation: float
    flair: float
    t1: float
    conspicuity: float
    change: LesionChange


@dataclass(frozen=True)
class Blob:
    """A lesion to be painted: its volume at this visit, offset of its contour (positive is outward), weight 0 to 1."""

    lesion: DrawnLesion
    volume_mm3: float
    offset_mm: float = 0.0
    weight: float = 1.0


_ALWAYS = (LesionChange.GROWING, LesionChange.NEW, LesionChange.VANISHED, LesionChange.GROWING, LesionChange.STABLE)
_OFTEN = (
    (LesionChange.STABLE,) * 9
    + (LesionChange.GROWING,) * 5
    + (LesionChange.NEW,) * 3
    + (LesionChange.VANISHED,) * 2
    + (LesionChange.SHRINKING,)
)


def draw_lesions(random: np.random.Generator, count: int, median_mm3: float = 90.0) -> tuple[DrawnLesion, ...]:
    """Random lesions; three or more always include a growing, a new and a vanished one.

    Args:
        random: the generator; it is advanced.
        count: number of lesions.
        median_mm3: median of the volumes before they are limited to `VOLUME_RANGE_MM3`.
    """
    later = [_OFTEN[int(n)] for n in random.integers(len(_OFTEN), size=max(count - len(_ALWAYS), 0))]
    return tuple(_draw(random, change, median_mm3) for change in [*_ALWAYS, *later][:count])


def draw_incidental(random: np.random.Generator, count: int) -> tuple[DrawnLesion, ...]:
    """Small stable lesions away from the ventricles, as healthy people past forty often have."""
    return tuple(
        DrawnLesion(
            "deep", _uniform(random), (v := 15 + 30 * _uniform(random), v), 1.1, 0.8, 0.2, 0.3, LesionChange.STABLE
        )
        for _ in range(count)
    )


def _uniform(random: np.random.Generator, low: float = 0.0, high: float = 1.0) -> float:
    return float(random.uniform(low, high))


def _draw(random: np.random.Generator, change: LesionChange, median_mm3: float) -> DrawnLesion:
    volume = float(np.clip(median_mm3 * random.lognormal(0, 1.15), *VOLUME_RANGE_MM3))
    if change in (LesionChange.NEW, LesionChange.VANISHED):
        volume = float(np.clip(volume, 30, 250))
    if change is LesionChange.GROWING:  # room to grow within the range
        volume = min(volume, VOLUME_RANGE_MM3[1] / 2.4)
    zone = (
        "periventricular" if volume > 350 or random.random() < 0.62 else str(random.choice(["deep", "juxtacortical"]))
    )
    longest = 2.2 if zone == "periventricular" else 1.3
    return DrawnLesion(
        zone=zone,
        place=_uniform(random),
        volumes_mm3=_draw_volumes(random, change, volume),
        elongation=_uniform(random, 1.0, longest),
        flair=_uniform(random, 0.7, 1.0),
        t1=_uniform(random, 0.25, 0.9),
        conspicuity=float(random.standard_normal()),
        change=change,
    )


def _draw_volumes(random: np.random.Generator, change: LesionChange, volume: float) -> tuple[float, float]:
    factor = _uniform(random)
    second = {
        LesionChange.STABLE: volume * (1 - 0.05 * factor),
        LesionChange.GROWING: volume * (1.4 + factor),
        LesionChange.SHRINKING: max(volume * (0.4 + 0.3 * factor), VOLUME_RANGE_MM3[0]),
        LesionChange.NEW: volume,
        LesionChange.VANISHED: 0.0,
    }[change]
    return (0.0 if change is LesionChange.NEW else volume, second)


def paint(atlas: Atlas, wobble: Array, blobs: Iterable[Blob]) -> Array:
    """Lesion share of each template voxel (I, J, K) float32, 0 to 1; no blob gives zeros.

    A blob is an ellipsoid whose surface a smooth field makes irregular; fluid and cortex stop it.

    Args:
        atlas: gives tissue and grid.
        wobble: (I, J, K), the smooth field, unit variance.
        blobs: where two overlap, the larger share counts.
    """
    shares = np.zeros(atlas.shape, dtype=np.float32)
    for blob in blobs:
        _paint_one(atlas, wobble, blob, shares)
    return shares


def centre_voxel(atlas: Atlas, lesion: DrawnLesion) -> tuple[int, int, int]:
    """The template voxel of a lesion's centre."""
    voxels = atlas.zones[lesion.zone]
    i, j, k = voxels[min(int(lesion.place * len(voxels)), len(voxels) - 1)]
    return (int(i), int(j), int(k))


def _paint_one(atlas: Atlas, wobble: Array, blob: Blob, shares: Array) -> None:
    radius = math.cbrt(3 * blob.volume_mm3 / (4 * math.pi))
    centre = centre_voxel(atlas, blob.lesion)
    reach = math.ceil(radius * blob.lesion.elongation * 1.6 + 3)
    box = tuple(slice(max(c - reach, 0), c + reach + 1) for c in centre)
    distance = _elliptic_mm(box, centre, _long_axis(atlas, centre), blob.lesion.elongation, shares.shape)
    inside_mm = radius * (1 + _IRREGULAR * np.clip(wobble[box], -2, 2)) + blob.offset_mm - distance
    share = np.clip(0.5 + inside_mm / _EDGE_MM, 0, 1) * _tissue_gate(atlas, box) * blob.weight
    shares[box] = np.maximum(shares[box], share)


def _elliptic_mm(
    box: tuple[slice, ...], centre: tuple[int, ...], axis: Array, elongation: float, shape: tuple[int, ...]
) -> Array:
    """Distance from the centre in a metric whose unit ball is a prolate ellipsoid of the ball's volume."""
    ranges = [np.arange(*part.indices(n)) - c for part, n, c in zip(box, shape, centre, strict=True)]
    x, y, z = np.ix_(*ranges)
    along = x * axis[0] + y * axis[1] + z * axis[2]
    square = x * x + y * y + z * z - along * along
    stretch = elongation ** (2 / 3)
    return np.asarray(np.sqrt(np.square(along / stretch) + np.maximum(square, 0) * stretch))


def _long_axis(atlas: Atlas, centre: tuple[int, int, int]) -> Array:
    """Unit vector away from the nearest ventricle wall: lesions follow the small veins that leave it."""
    step = 3
    gradient = np.zeros(3)
    for axis in range(3):
        low, high = list(centre), list(centre)
        low[axis] = max(centre[axis] - step, 0)
        high[axis] = min(centre[axis] + step, atlas.shape[axis] - 1)
        gradient[axis] = atlas.ventricle_mm[tuple(high)] - atlas.ventricle_mm[tuple(low)]
    length = float(np.sqrt(np.square(gradient).sum()))
    return gradient / length if length > 0 else np.array([1.0, 0.0, 0.0])


def _tissue_gate(atlas: Atlas, box: tuple[slice, ...]) -> Array:
    """1 in white matter and in the thin rim at the ventricles, which the template calls grey; 0 in fluid and cortex."""
    rim = np.clip((3.5 - atlas.ventricle_mm[box]) / 1.5, 0, 1)
    tissue = atlas.white[box] * 1.3 + atlas.grey[box] * rim
    return np.asarray(np.clip(tissue, 0, 1))


def wobble_field(random: np.random.Generator, shape: tuple[int, int, int]) -> Array:
    """Smooth noise (I, J, K) of unit variance that makes contours irregular; one per person, so shapes persist."""
    field = ndimage.gaussian_filter(random.standard_normal(shape, dtype=np.float32), 2.0, truncate=3)
    return np.asarray(field / field.std())
