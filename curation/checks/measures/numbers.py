"""Measures of one volume, which are compared with those of other volumes. Pure: an array in, numbers out.

Foreground is what is brighter than Otsu's threshold of the values between their 1st and 99.5th percentile. In a series
the first volume is measured; only the digest and the count of NaN and infinity concern every voxel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.persons.fingerprints import otsu
from registry.files import volumes
from registry.files.volumes import Volume
from registry.vocabulary.display import AXIS_ENDS

VERSION = "1"
"""Part of every stored measure: raise it when a number here changes, and every image is measured again."""

_SAMPLED = 262_144
"""Voxels, evenly strided, among which distinct values are counted."""

_TOUCHING = 0.01
"""Share of a face's voxels that must be foreground for the content to touch the border there."""


Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Measure:
    """A number of each image in which checks look for outliers.

    Attributes:
        name: column of `ImageMeasures` and of the view `measures`.
        title, unit: for people; the unit is empty for shares.
        about: a sentence that defines it.
        least: relative difference from the median below which a value is never an outlier.
    """

    name: str
    title: str
    unit: str
    about: str
    least: float

    @property
    def code(self) -> str:
        """The code of the check that looks for outliers of this measure."""
        return f"outlier-{self.name.replace('_', '-')}"


@dataclass(frozen=True)
class Number:
    """A number that one check needs and no column of `ImageMeasures` holds; only this machine keeps it.

    Attributes:
        name: its name in `Shot.number`.
        compute: computes it from a volume in RAS orientation; returns what JSON can hold, or None. It is a function
            of a module, so that other processes can call it.
        version: raise it when `compute` returns other numbers; every image is then read again.
    """

    name: str
    compute: Callable[[Volume], Any]
    version: str = "1"


MEASURES = (
    Measure("foreground_mean", "Mean intensity", "", "Mean of the foreground, in the image's own units.", 0.5),
    Measure("foreground_p1", "1st percentile", "", "1st percentile of the foreground's intensities.", 0.5),
    Measure("foreground_p99", "99th percentile", "", "99th percentile of the foreground's intensities.", 0.5),
    Measure("contrast", "Contrast", "", "(p95 - p5) / (p95 + p5) of the foreground.", 0.3),
    Measure("noise", "Noise", "", "Noise by median absolute second differences, over the foreground's mean.", 1.5),
    Measure("sharpness", "Sharpness", "1/mm", "95th percentile of the gradient per mm, over the range p1 to p99.", 0.5),
    Measure("foreground_ml", "Foreground", "mL", "Volume of the foreground.", 0.3),
)
"""Every measure, in the order in which pages and commands list them."""


def measure(volume: Volume, own: Sequence[Number] = ()) -> dict[str, Any]:
    """Column to value of one volume; numbers have six digits, None is what cannot be computed.

    Args:
        volume: a volume or series in any orientation.
        own: numbers that checks need beside the columns.
    """
    ras = volumes.canonical(volume)
    finite = np.isfinite(ras.data)
    first = ras.data.reshape(*ras.data.shape[:3], -1)[..., 0]  # the first volume of a series
    first = np.nan_to_num(first, posinf=0, neginf=0).astype(np.float32)
    found: dict[str, Any] = {
        "voxels_sha256": digest(ras.data),
        "nonfinite": int(finite.size - np.count_nonzero(finite)),
        "minimum": float(first.min()),
        "maximum": float(first.max()),
        "distinct": distinct(first),
        "negative_share": float(np.mean(first < 0)),
    }
    found |= _emptiness(first, ras.spacing_mm)
    where = foreground(first)
    if where.any():
        found |= {"foreground_ml": float(where.sum() * ras.voxel_mm3 / 1000), "touches": touches(where)}
        found |= _intensities(first, where) | {"noise": noise(first, where), "sharpness": _sharpness(first, where, ras)}
    found |= {number.name: number.compute(ras) for number in own}
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in found.items()}


def digest(data: Array) -> str:
    """SHA-256 of shape and voxels (RAS order, float32): equal for equal values, however they are stored."""
    plain = np.ascontiguousarray(data.T, dtype="<f4") + np.float32(0)  # no minus zero
    plain[np.isnan(plain)] = np.nan
    return hashlib.sha256(str(data.shape).encode() + plain.tobytes()).hexdigest()


def distinct(data: Array) -> int:
    """Number of distinct values among evenly strided voxels."""
    return int(np.unique(data.ravel()[:: max(1, data.size // _SAMPLED)]).size)


def foreground(data: Array) -> npt.NDArray[np.bool_]:
    """Voxels brighter than Otsu's threshold; none in a constant image."""
    low, high = np.percentile(data, [1, 99.5])
    if high <= low:
        low, high = float(data.min()), float(data.max())
    if high <= low:
        return np.zeros(data.shape, dtype=bool)
    scaled = np.clip((data - low) / (high - low), 0, 1)
    return np.asarray(scaled > otsu(scaled))


def touches(where: Array) -> str:
    """The faces (L, R, P, A, I, S) of a RAS volume of whose voxels at least 1 % are foreground."""
    found = ""
    for axis, names in enumerate(AXIS_ENDS):
        for index, name in zip((0, -1), names, strict=True):
            found += name if np.take(where, index, axis=axis).mean() >= _TOUCHING else ""
    return found


def _intensities(data: Array, where: Array) -> dict[str, Any]:
    values = data[where]
    p1, p5, p95, p99 = (float(value) for value in np.percentile(values, [1, 5, 95, 99]))
    return {
        "foreground_mean": float(values.mean(dtype=np.float64)),
        "foreground_p1": p1,
        "foreground_p99": p99,
        "contrast": (p95 - p5) / (p95 + p5) if p95 + p5 > 0 else None,
        "saturated_share": float(np.mean(values == values.max())),
    }


def noise(data: Array, where: Array) -> float | None:
    """Standard deviation of the noise over the foreground's mean; None for volumes too thin or without signal.

    Second differences along each axis cancel what is smooth; their median absolute value is not moved by edges.
    """
    mean = float(data[where].mean(dtype=np.float64))
    found = []
    for axis in range(3):
        if data.shape[axis] < 3 or mean <= 0:
            continue
        inner = [slice(None)] * 3
        inner[axis] = slice(1, -1)
        values = np.abs(np.diff(data, n=2, axis=axis))[where[tuple(inner)]]
        found += [float(np.median(values)) * 1.4826 / np.sqrt(6)] if values.size else []
    return min(found) / mean if found else None


def _sharpness(data: Array, where: Array, volume: Volume) -> float | None:
    p1, p99 = np.percentile(data[where], [1, 99])
    if p99 <= p1 or min(data.shape) < 2:
        return None
    squares = np.zeros(np.count_nonzero(where), dtype=np.float32)
    for axis, edge in enumerate(volume.spacing_mm):
        squares += np.square(np.gradient(data, edge, axis=axis)[where])
    return float(np.percentile(np.sqrt(squares), 95) / (p99 - p1))


def _emptiness(data: Array, spacing_mm: tuple[float, float, float]) -> dict[str, Any]:
    """Extent of the content (mm, R A S), share of empty slices, and length of the longer empty end (mm).

    A plane is empty where its voxels are all equal; slices lie along the axis with the thickest voxels.
    """
    found: dict[str, Any] = {}
    slices = int(np.argmax(np.round(spacing_mm, 3)))
    for axis, name in enumerate("ras"):
        planes = np.moveaxis(data, axis, 0).reshape(data.shape[axis], -1)
        full = np.flatnonzero(planes.max(axis=1) > planes.min(axis=1))
        found[f"extent_{name}_mm"] = float((full[-1] - full[0] + 1) * spacing_mm[axis]) if full.size else 0.0
        if axis == slices:
            ends = (full[0], data.shape[axis] - 1 - full[-1]) if full.size else (data.shape[axis],)
            found["empty_end_mm"] = float(max(ends) * spacing_mm[axis])
            found["empty_share"] = 1 - full.size / data.shape[axis]
    return found
