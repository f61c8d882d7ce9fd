"""The header of an ordinary NIfTI-1 file from its first 352 bytes, ten times faster than by nibabel.

An ordinary file is one little-endian file with its grid in the sform, a common data type, and nothing that nibabel
would correct or refuse. For any other file `read` gives None, and its one caller, `registry.files.volumes`, asks
nibabel. A property test compares the two. Frame: as `registry.files.volumes`.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from registry.vocabulary.display import AXIS_ENDS

_BYTES = 352
"""The header, and the four bytes that announce extensions."""

_COMPRESSED = 1024
"""So many compressed bytes hold the header, however badly it compresses."""

_LAYOUT = struct.Struct("<i36x8h14xhh2x8f3f132xhh6f12f16x4s4x")
_DTYPES = {
    2: ("uint8", 8),
    4: ("int16", 16),
    8: ("int32", 32),
    16: ("float32", 32),
    64: ("float64", 64),
    256: ("int8", 8),
    512: ("uint16", 16),
    768: ("uint32", 32),
    1024: ("int64", 64),
    1280: ("uint64", 64),
}
_CODES = (0, 1, 2, 3, 4)
"""What a qform or sform can be, by the NIfTI-1 standard; 0 is not set."""

_HALF_TURN = 3 * 2.0**-23
"""A quaternion's first number, squared, is rounding noise of single precision below this; nibabel has the same rule."""

_CLEAR = 0.05
"""An axis is named here when its largest cosine leads the next by this much; `_orientation` says why."""

Rows = Sequence[Sequence[float]]


class PlainHeader(NamedTuple):
    """What an ordinary header says.

    Attributes:
        shape: array shape.
        affine_ras: three rows of four numbers, voxel index to RAS millimetres.
        dtype: on-disk data type.
        orientation: axis codes.
        forms_apart_mm: how far qform and sform place a corner apart; 0 where only the sform is set.
    """

    shape: tuple[int, ...]
    affine_ras: Rows
    dtype: str
    orientation: str
    forms_apart_mm: float


def read(path: Path) -> PlainHeader | None:
    """The header of an ordinary file; None for every other, a broken one included."""
    try:
        with path.open("rb", buffering=0) as stream:
            if path.name.endswith(".nii.gz"):
                raw = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stream.read(_COMPRESSED), _BYTES)
            else:
                raw = stream.read(_BYTES) if path.name.endswith(".nii") else b""
    except (OSError, zlib.error):
        return None
    return _decode(raw) if len(raw) == _BYTES and not raw[348] else None


def _decode(raw: bytes) -> PlainHeader | None:
    """The header in its 352 bytes; None where one field is not ordinary."""
    size, *rest = _LAYOUT.unpack(raw)
    dim, (datatype, bits), pixdim, scaling = rest[:8], rest[8:10], rest[10:18], rest[18:21]
    (qform_code, sform_code), quaternion, srow, magic = rest[21:23], rest[23:29], rest[29:41], rest[41]
    n = dim[0]
    dtype, width = _DTYPES.get(datatype, ("", -1))
    shape = tuple(dim[1 : n + 1])
    # Each line is one thing that nibabel would read differently, correct or refuse.
    ordinary = (
        size == 348  # in another byte order this is another number
        and magic == b"n+1\0"
        and 3 <= n <= 7
        and min(shape) > 0
        and shape[0] != 27307  # nibabel makes 163842 of FreeSurfer's 27307 x 1 x 6
        and bits == width
        and sform_code in _CODES[1:]  # without an sform the grid comes from the qform
        and qform_code in _CODES
        and all(map(math.isfinite, (*scaling, *srow)))
        and scaling[0] >= _BYTES  # where the voxels begin
        and not scaling[0] % 16
        and min(pixdim[1 : n + 1]) > 0
        and pixdim[0] in (-1, 1)  # qfac, the sign of the third axis
    )
    if not ordinary:
        return None
    affine = (srow[:4], srow[4:8], srow[8:])
    orientation = _orientation(affine)
    apart = _corner_displacement_mm(shape, affine, _qform(quaternion, pixdim)) if qform_code else 0.0
    if orientation is None or not math.isfinite(apart):
        return None
    return PlainHeader(shape, affine, dtype, orientation, apart)


def _qform(numbers: Sequence[float], pixdim: Sequence[float]) -> Rows:
    """The affine of a quaternion (b, c, d) with offsets, as the NIfTI-1 standard gives it; NaN where it is none."""
    b, c, d, *offsets = numbers
    square = 1 - (b * b + c * c + d * d)
    if abs(square) < _HALF_TURN:
        square = 0.0
    a = math.sqrt(square) if square >= 0 else math.nan
    s = 2 / (square + b * b + c * c + d * d)
    i, j, k = pixdim[1], pixdim[2], pixdim[3] * pixdim[0]
    return (
        ((1 - s * (c * c + d * d)) * i, s * (b * c - a * d) * j, s * (b * d + a * c) * k, offsets[0]),
        (s * (b * c + a * d) * i, (1 - s * (b * b + d * d)) * j, s * (c * d - a * b) * k, offsets[1]),
        (s * (b * d - a * c) * i, s * (c * d + a * b) * j, (1 - s * (b * b + c * c)) * k, offsets[2]),
    )


def _corner_displacement_mm(shape: Sequence[int], one: Rows, other: Rows) -> float:
    """Largest distance (mm) between the corners of one grid under two affines."""
    moved = [[x - y for x, y in zip(left, right, strict=True)] for left, right in zip(one, other, strict=True)]
    corners = product(*((0, max(n - 1, 0)) for n in shape[:3]))
    return max(math.hypot(*(r[0] * i + r[1] * j + r[2] * k + r[3] for r in moved)) for i, j, k in corners)


def _orientation(affine: Rows) -> str | None:
    """Axis codes where every axis clearly has its own; None where nibabel has to look.

    Near a tie between two directions, or where axes are not at right angles, nibabel's singular value decomposition
    may name another direction than the largest cosine does.
    """
    columns = [[row[axis] for row in affine] for axis in range(3)]
    lengths = [math.hypot(*column) for column in columns]
    if min(lengths) < 1e-4:
        return None
    units = [[x / length for x in column] for column, length in zip(columns, lengths, strict=True)]
    skew = max(abs(sum(x * y for x, y in zip(units[a], units[b], strict=True))) for a, b in ((0, 1), (0, 2), (1, 2)))
    largest = [max(range(3), key=lambda row, unit=unit: abs(unit[row])) for unit in units]  # type: ignore[misc]
    margins = [sorted(map(abs, unit))[2] - sorted(map(abs, unit))[1] for unit in units]
    if skew > _CLEAR / 10 or min(margins) < _CLEAR or len(set(largest)) != 3:
        return None
    return "".join(AXIS_ENDS[row][unit[row] > 0] for row, unit in zip(largest, units, strict=True))
