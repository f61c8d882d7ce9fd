"""Check a converted image against the DICOM headers and pixels that it was made from.

Two programs read the same files: pydicom's numbers give the expected grid (`grids`), dcm2niix gives the image. They
must agree about position and values, or the series stays outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from curation.dicom.codes import Code
from curation.dicom.read import mosaic
from curation.dicom.read.files import Unusable, read_pixels
from curation.dicom.read.instances import Instance, Storage
from curation.dicom.sort.stacks import Slot, Stack
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.geometry import corner_displacement_mm
from registry.files.volumes import Array

TOLERANCE_MM = 1e-2
"""A corner may lie this far from where the headers place it. NIfTI keeps single precision, headers round positions."""


def require_equal(source: Path, stack: Stack, image: Path) -> str | None:
    """Check grid and values of a converted image.

    The values of three slices are compared: the first, the middle one, and the last one of the last volume.

    Args:
        source: the delivery's folder.
        stack: the instances that the image was made from.
        image: the converted NIfTI file.

    Returns:
        None, or a sentence if pixels could not be compared.

    Raises:
        Unusable: the grid, or a voxel, differs.
    """
    volume = volumes.load(image)
    turn = _find_turn(stack, volume)
    data = volume.data.reshape(*volume.data.shape[:3], -1)
    for slice_index, time in sorted({(0, 0), (len(stack.slots) // 2, 0), (len(stack.slots) - 1, stack.volumes - 1)}):
        slot = stack.slots[slice_index][time]
        try:
            pixels = _read_frame(source, slot)
        except InvalidInput:
            return "Its compressed pixels were not compared: no decoder is installed. Its geometry was."
        voxels = _cut_slice(data[..., time], turn, slice_index, pixels.shape)
        if not any(_same(voxels, expected) for expected in _list_values(slot[0], pixels)):
            raise Unusable(Code.VOXELS_DISAGREE, "The converted voxels are not the DICOM pixels.")
    return None


def displacement_mm(stack: Stack, volume: volumes.Volume) -> float:
    """Largest distance in mm of a corner of the image from where the headers place it; infinite for another shape."""
    turn = np.rint(np.linalg.inv(volume.affine_ras) @ stack.grid.affine_ras)
    if not np.array_equal(np.abs(turn[:3, :3]).sum(axis=0), [1, 1, 1]) or abs(np.linalg.det(turn)) < 0.5:
        return float("inf")
    shape = tuple(int(n) for n in np.abs(turn[:3, :3]) @ stack.grid.shape)
    if shape != volume.data.shape[:3]:
        return float("inf")
    expected = stack.grid.affine_ras @ np.linalg.inv(turn)
    return corner_displacement_mm(shape, expected, volume.affine_ras)


def _find_turn(stack: Stack, volume: volumes.Volume) -> Array:
    """The signed permutation (column, row, slice) -> (i, j, k)."""
    moved = displacement_mm(stack, volume)
    times = volume.data.shape[3] if volume.data.ndim > 3 else 1
    if not moved <= TOLERANCE_MM or times != stack.volumes:
        shape = " x ".join(map(str, (*stack.grid.shape, stack.volumes)))
        far = "on another grid" if moved == float("inf") else f"up to {moved:.3g} mm away"
        raise Unusable(Code.GEOMETRY_DISAGREES, f"The headers say {shape} voxels; the converted image lies {far}.")
    turn: Array = np.rint(np.linalg.inv(volume.affine_ras) @ stack.grid.affine_ras)
    return turn.astype(int)


def _read_frame(source: Path, slot: Slot) -> Array:
    """Stored values (rows, columns) of one frame."""
    instance, frame = slot
    stored, side = read_pixels(source / instance.path)
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


def _list_values(instance: Instance, pixels: Array) -> Iterator[Array]:
    """Each form that voxels may have: rescaled values, stored values, Philips' precise values."""
    slope, intercept, precise = instance.rescale
    stored = pixels.astype(float)
    yield stored * slope + intercept
    yield stored
    if precise and slope:
        yield (stored * slope + intercept) / (slope * precise)


def _same(voxels: Array, expected: Array) -> bool:
    scale = float(np.abs(expected).max()) if expected.size else 0.0
    return bool(np.allclose(voxels, expected, rtol=1e-5, atol=1e-6 * scale))
