"""The grid that the headers of a stack describe, computed from them alone: the oracle for every conversion.

Source: DICOM PS3.3 C.7.6.2.1.1, equation C.7.6.2.1-1. DICOM is LPS; affines here are RAS millimetres, as NIfTI's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from curation.dicom.read.instances import Frame
from registry.files.volumes import Array

SAME_PLACE_MM = 1e-2
"""Frames closer than this along the normal are one slice position."""

EVEN_MM = 0.02
"""Largest difference between a distance of slices and the others of its stack (1 % of it, if that is more)."""

MOST_ROUNDING_MM = 0.05
"""Headers that write whole millimetres still mean tenths: no more than this is granted to rounding."""

SAME_DIRECTION = 1e-3
"""Directions that differ by less, in a component of a unit vector, are one."""

CONVERTED_TOGETHER = 1e-4
"""dcm2niix makes one image of slices whose direction cosines differ by no more, and of others only when told to."""

ALIGNED_MM = 0.1
"""Largest distance of a slice from the line through the first and the last one; headers round to about this."""

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Grid:
    """A regular grid of voxels.

    Attributes:
        shape: columns, rows, slices: the axes of the affine.
        affine_ras: 4 x 4, (column, row, slice) to RAS millimetres.
    """

    shape: tuple[int, int, int]
    affine_ras: Array

    @property
    def plane(self) -> str:
        """`ax`, `cor` or `sag`, by the axis of the patient that the slices' normal is nearest to."""
        normal = np.cross(self.affine_ras[:3, 0], self.affine_ras[:3, 1])
        return ("sag", "cor", "ax")[int(np.argmax(np.abs(normal)))]


def direction_spread(frames: Iterable[Frame]) -> float:
    """Largest difference between two frames in one of their direction cosines."""
    cosines = np.array([frame.cosines for frame in frames])
    return float(np.ptp(cosines, axis=0).max())


def normal(frame: Frame) -> Array:
    """Unit normal of a frame (LPS): row direction x column direction."""
    vector = np.cross(frame.cosines[:3], frame.cosines[3:])
    unit: Array = vector / np.linalg.norm(vector)
    return unit


def depth_mm(frame: Frame, along: Array) -> float:
    """Position of a frame along a normal (LPS), in mm."""
    return float(np.dot(frame.position, along))


def plane_affine(frame: Frame, step_lps: Array) -> Array:
    """4 x 4 affine, (column, row, slice) to RAS millimetres, of a frame whose next slice is `step_lps` (mm) away."""
    row, column = (np.array(axis) / np.linalg.norm(axis) for axis in (frame.cosines[:3], frame.cosines[3:]))
    lps = np.eye(4)
    lps[:3, 0] = row * frame.spacing_mm[1]
    lps[:3, 1] = column * frame.spacing_mm[0]
    lps[:3, 2] = step_lps
    lps[:3, 3] = frame.position
    ras: Array = _LPS_TO_RAS @ lps
    return ras


def grid(slices: Sequence[Frame], size: tuple[int, int]) -> Grid:
    """The grid of slices in order along their normal.

    Args:
        slices: one frame per slice position; a single slice is taken to be 1 mm thick.
        size: rows, columns.
    """
    along = normal(slices[0])
    if len(slices) == 1:
        return Grid((size[1], size[0], 1), plane_affine(slices[0], along))
    # Only the ends count: the rounding of a position is spread over all slices, not added up slice by slice. Where the
    # shift beside the normal is no more than rounding, the grid is a cuboid; shear that is not there breaks programs.
    step = (np.array(slices[-1].position) - np.array(slices[0].position)) / (len(slices) - 1)
    if tilt_mm(slices) <= tilt_limit_mm(slices):
        step = along * float(step @ along)
    return Grid((size[1], size[0], len(slices)), plane_affine(slices[0], step))


def rounding_mm(slices: Sequence[Frame]) -> float:
    """Half of the last digit of the positions as headers write them, at most `MOST_ROUNDING_MM`; 0 if none is written.

    Nothing tells fixed decimals (`-88.10`) from fixed significant digits (`-101.333`, `-88.1234`), and both lose
    zeros at their end; so the most that the stack writes counts, and the coarser of the two readings.
    """
    decimals, digits = (max(frame.digits[kind] for frame in slices) for kind in (0, 1))
    largest = max(abs(value) for frame in slices for value in frame.position)
    if not digits or not largest:
        return 0.0
    units = 10.0**-decimals, 10.0 ** (math.floor(math.log10(largest)) + 1 - digits)
    return min(max(units) / 2, MOST_ROUNDING_MM)


def tilt_mm(slices: Sequence[Frame]) -> float:
    """Distance in mm of the last slice from the normal through the first one: not 0 where slices are sheared."""
    way = np.array(slices[-1].position) - np.array(slices[0].position)
    along = normal(slices[0])
    return float(np.linalg.norm(way - along * (way @ along)))


def tilt_limit_mm(slices: Sequence[Frame]) -> float:
    """The largest `tilt_mm` that rounded headers explain: of both positions, and of the direction by its length."""
    way = float(np.linalg.norm(np.array(slices[-1].position) - np.array(slices[0].position)))
    return 2 * math.sqrt(3) * rounding_mm(slices) + SAME_DIRECTION * way + SAME_PLACE_MM


def gaps(depths: Sequence[float], rounding: float = 0.0) -> tuple[int, bool]:
    """Number of slices missing inside, and whether the distances are even apart from these gaps.

    The usual distance is the (lower) median; a distance of a whole multiple of it stands for missing slices.

    Args:
        depths: along the normal, ascending, mm.
        rounding: half of the last digit of a position, mm. A depth is off by up to its root of three, a distance by
            twice as much, and so is the usual one.
    """
    steps = np.diff(np.asarray(depths))
    if steps.size < 2:
        return 0, True
    usual = float(np.sort(steps)[(steps.size - 1) // 2])
    times = np.rint(steps / usual)
    limit = max(EVEN_MM, 0.01 * usual, 4 * math.sqrt(3) * rounding)
    even = bool(np.all(np.abs(steps - times * usual) <= limit * times) and times.min() >= 1)
    return (int((times - 1).sum()) if even else 0), even


def off_line_mm(slices: Sequence[Frame]) -> float:
    """Largest distance in mm of a slice from the line through the first and the last one; 0 for fewer than three."""
    places = np.array([frame.position for frame in slices])
    line = places[-1] - places[0]
    if len(slices) < 3 or not np.linalg.norm(line):
        return 0.0
    unit = line / np.linalg.norm(line)
    rest = (places - places[0]) - np.outer((places - places[0]) @ unit, unit)
    return float(np.linalg.norm(rest, axis=1).max())
