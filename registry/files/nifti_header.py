"""NIfTI headers as they are: an ordinary one read fast, and how any file stores its voxels.

`read` takes the header of an ordinary NIfTI-1 file from its first 352 bytes, ten times faster than nibabel.

An ordinary file is one little-endian file with its grid in the sform, a common data type, and nothing that nibabel
would correct or refuse. For any other file `read` gives None, and its one caller, `registry.files.volumes`, asks
nibabel. A property test compares the two. Frame: as `registry.files.volumes`.

`read_storage` gives version, scale, unit, and both statements of where voxels lie. NIfTI has two places for a position,
qform and sform, and programs differ in which of them they prefer; where a header has neither, every program invents
another position. Whoever writes a label map for an image therefore repeats the image's own `Forms` wherever programs
would not agree about them (`mask_storage.encode_on`).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from registry.vocabulary.display import AXIS_ENDS

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

_BYTES = 352
"""The header, and the four bytes that announce extensions."""

_COMPRESSED = 1024
"""So many compressed bytes hold the header, however badly it compresses."""

_LAYOUT = struct.Struct("<i36x8h14xhh2x8f3f3xB128xhh6f12f16x4s4x")
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
        forms_apart_mm: how far the sform and the header's other statements place a corner apart: the qform where it
            is set, and the voxel edges in `pixdim`.
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
    dim, (datatype, bits), pixdim, scaling, unit = rest[:8], rest[8:10], rest[10:18], rest[18:21], rest[21] & 7
    (qform_code, sform_code), quaternion, srow, magic = rest[22:24], rest[24:30], rest[30:42], rest[42]
    n = dim[0]
    dtype, width = _DTYPES.get(datatype, ("", -1))
    shape = tuple(dim[1 : n + 1])
    # Each line is one thing that nibabel would read differently, correct or refuse, or a unit to be converted.
    ordinary = (
        size == 348  # in another byte order this is another number
        and magic == b"n+1\0"
        and 3 <= n <= 7
        and min(shape) > 0
        and shape[0] != 27307  # nibabel makes 163842 of FreeSurfer's 27307 x 1 x 6
        and bits == width
        and sform_code in _CODES[1:]  # without an sform the grid comes from the qform
        and qform_code in _CODES
        and unit in (0, 2)  # not stated, or mm
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
    if orientation is None:
        return None
    apart = [_corner_displacement_mm([size + 1 for size in shape], affine, stretch(affine, pixdim[1:4]))]
    apart += [_corner_displacement_mm(shape, affine, _qform(quaternion, pixdim))] if qform_code else []
    if not all(map(math.isfinite, apart)):
        return None
    return PlainHeader(shape, affine, dtype, orientation, max(apart))


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


def stretch(affine: Rows, edges: Sequence[float]) -> Rows:
    """The affine that ITK makes of a form: its directions and origin, with the voxel edges of `pixdim`.

    Compared from the first voxel's centre to one voxel beyond the last, so that the thickness of a single slice counts.
    An edge of zero, or that is no number, counts as 1 there, and a negative one turns its axis round.

    Args:
        affine: three rows of the form; no column is zero.
        edges: along i, j, k, as stored and in the unit of the rows.
    """
    edges = [edge if edge and math.isfinite(edge) else 1.0 for edge in edges]
    factors = [edge / math.hypot(*(row[axis] for row in affine[:3])) for axis, edge in enumerate(edges)]
    return [[*(row[axis] * factors[axis] for axis in range(3)), row[3]] for row in affine[:3]]


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


UNITS_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
"""Code in the lowest three bits of `xyzt_units` to its length in mm: metre, millimetre, micrometre; 0 is not stated."""

UNIT_BITS = 7
"""The bits of `xyzt_units` that hold the unit of length."""

_LONGEST = 540
"""Length of a NIfTI-2 header in bytes."""


@dataclass(frozen=True)
class Forms:
    """Both statements of a position, as the header has them but in mm; 0 for a code means that it is not set.

    Attributes:
        qform_code, sform_code: what each position refers to.
        pixdim: the sign of the third axis, and the three voxel edges (mm).
        quaternion: b, c, d of the qform's rotation, then its offsets x, y, z (mm).
        srow: the twelve numbers of the sform, row by row.
    """

    qform_code: int
    sform_code: int
    pixdim: tuple[float, ...]
    quaternion: tuple[float, ...]
    srow: tuple[float, ...]

    @property
    def missing(self) -> bool:
        """Whether the header does not state where the voxels lie."""
        return self.qform_code == 0 and self.sform_code == 0

    def write(self, header: Nifti1Header) -> None:
        """Set these forms, number by number, in a header."""
        header["qform_code"], header["sform_code"] = self.qform_code, self.sform_code
        header["pixdim"][:4] = self.pixdim
        for name, value in zip(_QUATERNION, self.quaternion, strict=True):
            header[name] = value
        for row, name in enumerate(_SROW):
            header[name] = self.srow[4 * row : 4 * row + 4]


@dataclass(frozen=True)
class Storage:
    """How one file is stored.

    Attributes:
        version: of NIfTI, 1 or 2.
        axes: number of dimensions; a single volume may have a fourth of length 1.
        slope, intercept: a stored number x stands for `slope * x + intercept`; a slope of 0 is none.
        unit_mm: length of the header's unit; 1 where it states none.
        forms: where the voxels lie.
    """

    version: int
    axes: int
    slope: float
    intercept: float
    unit_mm: float
    forms: Forms

    @property
    def scaled(self) -> bool:
        """Whether stored numbers stand for others, or for nothing (a slope that is no number)."""
        return self.slope != 0 and (self.slope, self.intercept) != (1, 0)


_QUATERNION = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
_SROW = ("srow_x", "srow_y", "srow_z")


def read_storage(path: Path) -> Storage:
    """The storage of a sound `.nii` or `.nii.gz`, one that `volumes.read_header` has read.

    Raises:
        OSError, EOFError, zlib.error, ValueError: it is none.
    """
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as stream:
        version, fields = _find_fields(stream.read(_LONGEST))
    unit = UNITS_MM.get(int(fields["xyzt_units"]) & UNIT_BITS, 1.0)
    return Storage(
        version,
        int(fields["dim"][0]),
        float(fields["scl_slope"]),
        float(fields["scl_inter"]),
        unit,
        _find_forms(fields, unit),
    )


def _find_fields(head: bytes) -> tuple[int, Any]:
    from nibabel import nifti1, nifti2

    for version, layout in ((1, nifti1.header_dtype), (2, nifti2.header_dtype)):
        for order in ("<", ">"):
            fields = np.frombuffer(head, layout.newbyteorder(order), count=1)[0]
            if int(fields["sizeof_hdr"]) == layout.itemsize:
                return version, fields
    raise ValueError("no NIfTI header")


def _find_forms(fields: Any, unit: float) -> Forms:
    edges = [float(value) for value in fields["pixdim"][:4]]
    turn = [float(fields[name]) for name in _QUATERNION]
    rows = [float(value) * unit for name in _SROW for value in fields[name]]
    return Forms(
        int(fields["qform_code"]),
        int(fields["sform_code"]),
        (edges[0], *(edge * unit for edge in edges[1:])),
        (*turn[:3], *(offset * unit for offset in turn[3:])),
        tuple(rows),
    )
