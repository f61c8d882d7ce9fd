"""Check a converted image against the DICOM headers and pixels that it was made from.

Two programs read the same files: pydicom's numbers give the expected grid (`grids`), dcm2niix gives the image. They
must agree about position and values, or the series stays outside. Every slice of every volume is compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curation.dicom.codes import Code
from curation.dicom.read import mosaic
from curation.dicom.read.files import Unusable, read_pixels
from curation.dicom.read.instances import Storage
from curation.dicom.sort import grids
from curation.dicom.sort.stacks import Slot, Stack
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.geometry import corner_displacement_mm
from registry.files.volumes import Array
from registry.vocabulary.display import format_count

TOLERANCE_MM = 1e-2
"""A corner may lie this far from where the headers place it. NIfTI keeps single precision."""


@dataclass(frozen=True)
class Proof:
    """What a comparison showed.

    Attributes:
        affine_ras: the grid that the headers describe, for the image's own order of voxels.
        left_out: number of volumes of the stack that are in no image, because they are in a map beside it.
        doubt: a sentence if pixels could not be compared, else empty.
    """

    affine_ras: Array
    left_out: int = 0
    doubt: str = ""


def require_equal(source: Path, stack: Stack, image: Path, *, parted: bool = False) -> Proof:
    """Check the grid and every voxel of a converted image.

    Args:
        source: the delivery's folder.
        stack: the instances that the image was made from.
        image: the converted NIfTI file.
        parted: whether the converter left volumes that the scanner computed out of the image, and said so.

    Returns:
        What was proven. Nobody may read it as a pass of the pixels where it holds a doubt.

    Raises:
        Unusable: the grid, or a voxel, differs, or pixels are damaged.
    """
    volume = volumes.load(image)
    turn = _find_turn(stack, volume)
    data = volume.data.reshape(*volume.data.shape[:3], -1)
    times_here = data.shape[3]
    if times_here != stack.volumes and not (parted and times_here < stack.volumes):
        message = f"The headers say {format_count(stack.volumes, 'volume')}; the converted image has {times_here}."
        raise Unusable(Code.GEOMETRY_DISAGREES, message)
    affine = stack.grid.affine_ras @ np.linalg.inv(turn)
    try:
        times = _match_times(source, stack, data, turn)
        _require_voxels(source, stack, data, turn, times)
    except InvalidInput:
        if times_here < stack.volumes:
            raise Unusable(Code.CONVERTED_TO_SEVERAL, "Volumes were parted, and no decoder can tell which.") from None
        return Proof(affine, 0, "Its compressed pixels were NOT compared: no decoder is installed. Its geometry was.")
    return Proof(affine, stack.volumes - times_here)


def _match_times(source: Path, stack: Stack, data: Array, turn: Array) -> dict[int, int]:
    """Time in the stack to volume of the image, both in order; a time that is in no volume is absent."""
    if data.shape[3] == stack.volumes:
        return {time: time for time in range(stack.volumes)}
    middle = len(stack.slots) // 2
    times: dict[int, int] = {}
    for time, slot in enumerate(stack.slots[middle]):
        pixels = _read_frame(source, slot)
        if len(times) < data.shape[3]:
            voxels = _cut_slice(data[:, :, :, len(times)], turn, middle, pixels.shape)
            if any(_same(voxels, expected) for expected in _list_values(slot, pixels)):
                times[time] = len(times)
    if len(times) < data.shape[3]:
        raise Unusable(Code.VOXELS_DISAGREE, "The converted voxels are not the DICOM pixels.")
    return times


def _require_voxels(source: Path, stack: Stack, data: Array, turn: Array, times: Mapping[int, int]) -> None:
    """Check every slice of every volume: one form of values has to hold for all of them."""
    by_file: dict[str, list[tuple[int, int, Slot]]] = defaultdict(list)
    for index, slots in enumerate(stack.slots):
        for time, slot in enumerate(slots):
            by_file[slot[0].path].append((index, time, slot))
    forms: set[int] | None = None
    for path, members in by_file.items():
        stored = read_pixels(source / path)
        for index, time, slot in members:
            pixels = _cut_frame(stored, slot)  # also of a volume that is left out: damage is damage
            if time in times:
                voxels = _cut_slice(data[:, :, :, times[time]], turn, index, pixels.shape)
                own = {form for form, values in enumerate(_list_values(slot, pixels)) if _same(voxels, values)}
                forms = own if forms is None else forms & own
            if forms is not None and not forms:
                raise Unusable(Code.VOXELS_DISAGREE, "The converted voxels are not the DICOM pixels.")


def displacement_mm(grid: grids.Grid, volume: volumes.Volume) -> float:
    """Largest distance in mm of a corner of the image from where a grid places it; infinite for another shape."""
    turn = _round_turn(grid, volume)
    if not np.array_equal(np.abs(turn[:3, :3]).sum(axis=0), [1, 1, 1]) or abs(np.linalg.det(turn)) < 0.5:
        return float("inf")
    shape = tuple(int(n) for n in np.abs(turn[:3, :3]) @ grid.shape)
    if shape != volume.data.shape[:3]:
        return float("inf")
    expected = grid.affine_ras @ np.linalg.inv(turn)
    return corner_displacement_mm(shape, expected, volume.affine_ras)


def _find_turn(stack: Stack, volume: volumes.Volume) -> Array:
    """The signed permutation (column, row, slice) -> (i, j, k).

    It is read from the grid that the converter took, not from `Stack.grid`: where the slices are shifted by more than
    half a pixel each, that one rounds to no permutation, although voxel for voxel the two are the same array.
    """
    moved, grid = min(((displacement_mm(grid, volume), grid) for grid in _list_grids(stack)), key=lambda pair: pair[0])
    if not moved <= TOLERANCE_MM:
        shape = " x ".join(map(str, stack.grid.shape))
        far = "on another grid" if moved == float("inf") else f"up to {moved:.3g} mm away"
        raise Unusable(Code.GEOMETRY_DISAGREES, f"The headers say {shape} voxels; the converted image lies {far}.")
    return _round_turn(grid, volume)


def _round_turn(grid: grids.Grid, volume: volumes.Volume) -> Array:
    turn: Array = np.rint(np.linalg.inv(volume.affine_ras) @ grid.affine_ras).astype(int)
    return turn


def _list_grids(stack: Stack) -> Iterator[grids.Grid]:
    """Every grid that a converter may read from the headers without being wrong.

    dcm2niix steps along the normal, by the distance of the first two slices; it starts at either end. With rounded
    positions, and with sheared stacks, that is another grid than `Stack.grid`, which is then written in its place.
    """
    yield stack.grid
    slices, size = stack.slices, stack.first.size
    along = grids.normal(slices[0])
    for end, other in ((0, 1), (-1, -2)) if len(slices) > 1 else ():
        distance = np.linalg.norm(np.subtract(slices[end].position, slices[other].position))
        frame = slices[end]
        if end:
            start = np.array(frame.position) - along * distance * (len(slices) - 1)
            frame = replace(frame, position=mosaic.triple(start))
        yield grids.Grid((size[1], size[0], len(slices)), grids.plane_affine(frame, along * distance))


def _read_frame(source: Path, slot: Slot) -> Array:
    """Stored values (rows, columns) of one frame."""
    return _cut_frame(read_pixels(source / slot[0].path), slot)


def _cut_frame(file: tuple[Array, int], slot: Slot) -> Array:
    (stored, side), (instance, frame) = file, slot
    if instance.storage is Storage.MOSAIC:
        return mosaic.cut(stored[0], side, frame.index)
    if frame.index >= len(stored) or stored[frame.index].shape != instance.size:
        raise Unusable(Code.VOXELS_DISAGREE, "The pixel data are not the frames that the header describes.")
    frame_pixels: Array = stored[frame.index]
    return frame_pixels


def _cut_slice(data: Array, turn: Array, slice_index: int, size: tuple[int, ...]) -> Array:
    """Voxels (rows, columns) of one DICOM slice."""
    rows, columns = np.meshgrid(np.arange(size[0]), np.arange(size[1]), indexing="ij")
    indices = np.stack([columns.ravel(), rows.ravel(), np.full(rows.size, slice_index), np.ones(rows.size, int)])
    i, j, k = (turn @ indices)[:3]
    voxels: Array = data[i, j, k].reshape(size)
    return voxels


def _list_values(slot: Slot, pixels: Array) -> Iterator[Array]:
    """Each form that voxels may have: rescaled values, stored values, Philips' precise values."""
    instance, frame = slot
    slope, intercept = frame.rescale or instance.rescale[:2]
    precise = instance.rescale[2]
    stored = pixels.astype(float)
    yield stored * slope + intercept
    yield stored
    if precise and slope:
        yield (stored * slope + intercept) / (slope * precise)


def _same(voxels: Array, expected: Array) -> bool:
    scale = float(np.abs(expected).max()) if expected.size else 0.0
    return bool(np.allclose(voxels, expected, rtol=1e-5, atol=1e-6 * scale))
