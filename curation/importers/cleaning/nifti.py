"""NIfTI files without text: header fields and extensions that can name a person are emptied, voxels stay.

It changes the bytes of NIfTI-1 and NIfTI-2 single files, so that data type, scaling and every voxel stay exactly the
same; decoding and encoding again would not guarantee that. Lengths in metres or micrometres become mm.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.canonical import gzip_bytes
from registry.files.nifti_header import UNIT_BITS, UNITS_MM

_MM = 2
"""The code of mm in `xyzt_units`."""

MAX_EXTENSION_BYTES = 1 << 26
"""Voxels that start later than this are a damaged or hostile header."""


_SPARE = 1 << 26
"""At most this many bytes behind the voxels are read and left out; a sound file has none."""


@dataclass(frozen=True)
class _Layout:
    """Offsets in bytes of the header fields of one NIfTI version that are read or emptied here.

    Attributes:
        size: of the header.
        dim, vox_offset: (offset, format of `struct`).
        bitpix: offset.
        text: (offset, length) of each text field.
        magic: (offset, value) of the mark of a single file.
        unit: (offset, format of `struct`) of `xyzt_units`.
        lengths: (offset, count, format) of each run of numbers in that unit: voxel edges, offsets of the qform, sform.
    """

    size: int
    dim: tuple[int, str]
    bitpix: int
    vox_offset: tuple[int, str]
    text: tuple[tuple[int, int], ...]
    magic: tuple[int, bytes]
    unit: tuple[int, str]
    lengths: tuple[tuple[int, int, str], ...]


# data_type, db_name, descrip, aux_file, intent_name; version 2 has unused_str instead of the first two.
_V1 = _Layout(
    348,
    (40, "8h"),
    72,
    (108, "f"),
    ((4, 10), (14, 18), (148, 80), (228, 24), (328, 16)),
    (344, b"n+1\0"),
    (123, "B"),
    ((80, 3, "f"), (268, 3, "f"), (280, 12, "f")),
)
_V2 = _Layout(
    540,
    (16, "8q"),
    14,
    (168, "q"),
    ((240, 80), (320, 24), (508, 16), (525, 15)),
    (4, b"n+2\0"),
    (500, "i"),
    ((112, 3, "d"), (376, 3, "d"), (400, 12, "d")),
)


@dataclass(frozen=True)
class CleanNifti:
    """A NIfTI file without text.

    Attributes:
        header: the header's bytes, text fields empty.
        voxels: the voxels' bytes as they were, first index fastest.
        dim: number of dimensions, then their lengths, as the header has them.
        order: `<` or `>`.
        unit_mm: length in mm of the unit that the file stated; its lengths are in mm now.
    """

    header: bytes
    voxels: bytes
    dim: tuple[int, ...]
    order: str
    unit_mm: float = 1.0

    @property
    def channels(self) -> int:
        """Length of the fourth dimension, 1 for a single volume."""
        return self.dim[4] if self.dim[0] >= 4 else 1

    def channel(self, index: int) -> CleanNifti:
        """One volume of a four-dimensional file, voxels unchanged."""
        layout = _V1 if len(self.header) == _V1.size else _V2
        dim = (3, *self.dim[1:4], 1, 1, 1, 1)
        header = bytearray(self.header)
        struct.pack_into(self.order + layout.dim[1], header, layout.dim[0], *dim)
        length = len(self.voxels) // self.channels
        return CleanNifti(bytes(header), self.voxels[index * length : (index + 1) * length], dim, self.order)

    @property
    def content(self) -> bytes:
        """The bytes of a `.nii`: header, no extension, voxels."""
        return self.header + bytes(4) + self.voxels

    def encode(self) -> bytes:
        """The bytes of a `.nii.gz`: equal header and voxels give equal bytes."""
        return gzip_bytes(self.content)


def clean(path: Path) -> CleanNifti:
    """Read a `.nii` or `.nii.gz` file and empty its text.

    Raises:
        InvalidInput: not a single-file NIfTI, damaged, or cut short.
    """
    volumes.read_header(path)  # refuses what is no image and absurd sizes
    try:
        with _open(path) as stream:
            return _read(path.name, stream)
    except (OSError, EOFError, zlib.error, struct.error, OverflowError) as error:
        raise InvalidInput(f"{path.name} is damaged or cut short ({error}).", "Copy the file again.") from error


def is_clean(path: Path, content: CleanNifti) -> bool:
    """Whether the stored bytes can be copied: gzip without time and name, holding exactly the clean content."""
    with path.open("rb") as stream:
        start = stream.read(10)
    if start[:3] != b"\x1f\x8b\x08" or start[3] or any(start[4:8]):
        return False
    wanted = content.content
    with gzip.open(path, "rb") as unpacked:
        return unpacked.read(len(wanted) + 1) == wanted


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value] # GzipFile reads alike


def _find_layout(name: str, head: bytes) -> tuple[_Layout, str]:
    for layout in (_V1, _V2):
        for order in "<>":
            if struct.unpack_from(order + "i", head)[0] == layout.size:
                offset, magic = layout.magic
                if not head[offset:].startswith(magic):
                    raise InvalidInput(f"{name} is marked as half of a pair of files.", "Convert it to .nii.gz first.")
                return layout, order
    raise InvalidInput(f"{name} is not a NIfTI file.", "Convert it to .nii.gz first.")


def _read(name: str, stream: BinaryIO) -> CleanNifti:
    start_bytes = stream.read(_V1.size)
    layout, order = _find_layout(name, start_bytes)
    head = bytearray(start_bytes + stream.read(layout.size - _V1.size))
    dim = struct.unpack_from(order + layout.dim[1], head, layout.dim[0])
    bits = struct.unpack_from(order + "h", head, layout.bitpix)[0]
    start = int(struct.unpack_from(order + layout.vox_offset[1], head, layout.vox_offset[0])[0])
    if not layout.size <= start <= MAX_EXTENSION_BYTES:
        raise InvalidInput(f"{name} keeps its voxels in another file or nowhere.", "Convert it to .nii.gz first.")
    count = 1
    for length in dim[1 : 1 + dim[0]]:
        count *= length
    stream.read(start - layout.size)
    voxels = stream.read(count * bits // 8)
    if len(voxels) < count * bits // 8:
        raise InvalidInput(f"{name} ends before its voxels do.", "Copy the file again.")
    stream.read(_SPARE)  # up to the end: there gzip compares what was read with its checksum
    for at, length in layout.text:
        head[at : at + length] = bytes(length)
    struct.pack_into(order + layout.vox_offset[1], head, layout.vox_offset[0], layout.size + 4)
    unit_mm = _convert_to_mm(layout, order, head)
    return CleanNifti(bytes(head), voxels, tuple(dim), order, unit_mm)


def _convert_to_mm(layout: _Layout, order: str, head: bytearray) -> float:
    """Write lengths in metres or micrometres as mm, and return the stated unit in mm.

    Some programs ignore the unit, and all of them know mm.
    """
    at, kind = layout.unit
    code = struct.unpack_from(order + kind, head, at)[0]
    unit = UNITS_MM.get(code & UNIT_BITS, 1.0)
    if unit == 1:
        return unit
    for start, count, number in layout.lengths:
        lengths = struct.unpack_from(f"{order}{count}{number}", head, start)
        struct.pack_into(f"{order}{count}{number}", head, start, *(length * unit for length in lengths))
    struct.pack_into(order + kind, head, at, code & ~UNIT_BITS | _MM)
    return unit
