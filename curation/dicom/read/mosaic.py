"""Siemens mosaics: the slices of one volume stored as tiles of one square frame.

Source: the layout of Siemens' CSA header as published with NiBabel and dcm2niix; the corner of the first tile follows
from that of the mosaic because the scanner centres both on the same point.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

import numpy as np

from curation.dicom.read.instances import Frame, Triple
from registry.files.volumes import Array


@dataclass(frozen=True)
class Tiles:
    """Number of slices in a mosaic, and the direction in which they follow each other (LPS); None if not stated."""

    count: int
    normal: Triple | None

    @property
    def side(self) -> int:
        """Tiles in a row of the mosaic."""
        return math.ceil(math.sqrt(self.count))


def tiles(csa: bytes, count: int = 0) -> Tiles | None:
    """Number of slices and slice normal of a mosaic; None if the image is not one.

    Args:
        csa: the CSA image header; empty where there is none.
        count: number of slices from another element, used if the CSA header does not state it.
    """
    values = read_csa(csa)
    number = int(float(values.get("NumberOfImagesInMosaic", [str(count)])[0]))
    normal = [float(word) for word in values.get("SliceNormalVector", [])[:3]]
    return Tiles(number, (normal[0], normal[1], normal[2]) if len(normal) == 3 else None) if number else None


def read_csa(data: bytes) -> dict[str, list[str]]:
    """Name to values of a CSA2 header; empty if the bytes are not one, or damaged."""
    if data[:4] != b"SV10" or len(data) < 16:
        return {}
    values: dict[str, list[str]] = {}
    at = 16
    try:
        for _ in range(min(struct.unpack_from("<I", data, 8)[0], 1000)):
            name = data[at : at + 64].split(b"\0")[0].decode("ascii", "replace")
            items = struct.unpack_from("<i", data, at + 76)[0]
            at += 84
            words = []
            for _ in range(items):
                length = struct.unpack_from("<4i", data, at)[1]
                words.append(data[at + 16 : at + 16 + length].split(b"\0")[0].decode("ascii", "replace").strip())
                at += 16 + (length + 3) // 4 * 4
            if kept := [word for word in words if word]:
                values[name] = kept
    except struct.error:
        return {}
    return values


def frames(layout: Tiles, whole: Frame, pixels: tuple[int, int], distance_mm: float) -> tuple[Frame, ...]:
    """One frame per tile, with its position in the patient.

    Args:
        layout: count and normal; without a normal, the slices follow row direction x column direction.
        whole: the mosaic as if it were one slice.
        pixels: rows, columns of the mosaic.
        distance_mm: from slice to slice.
    """
    # The position in the header is the corner of a slice as large as the whole mosaic, around the same centre: the
    # first tile's corner lies half of the surplus rows and columns further in.
    along_row, along_column = np.array(whole.cosines[:3]), np.array(whole.cosines[3:])
    rows, columns = pixels[0] // layout.side, pixels[1] // layout.side
    corner = np.array(whole.position) + along_row * whole.spacing_mm[1] * (pixels[1] - columns) / 2
    corner = corner + along_column * whole.spacing_mm[0] * (pixels[0] - rows) / 2
    normal = np.array(layout.normal) if layout.normal else np.cross(along_row, along_column)
    return tuple(
        Frame(index, triple(corner + normal * distance_mm * index), whole.cosines, whole.spacing_mm)
        for index in range(layout.count)
    )


def cut(mosaic: Array, side: int, index: int) -> Array:
    """One tile (rows, columns) of a mosaic.

    Args:
        mosaic: (rows, columns) of all tiles.
        side: number of tiles in a row.
        index: of the tile, counted row by row from 0.
    """
    rows, columns = mosaic.shape[0] // side, mosaic.shape[1] // side
    top, left = index // side * rows, index % side * columns
    return mosaic[top : top + rows, left : left + columns]


def triple(values: Array) -> Triple:
    """Three numbers as a tuple."""
    return (float(values[0]), float(values[1]), float(values[2]))
