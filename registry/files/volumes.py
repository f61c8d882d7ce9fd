"""Read and write NIfTI files: headers, voxels, and their grids.

Frame: affines map 0-based voxel indices (i, j, k) to RAS millimetres, as nibabel gives them.
"""

from __future__ import annotations

import gzip
import logging
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from registry.errors import InvalidInput
from registry.files import nifti_header
from registry.files.canonical import gzip_bytes
from registry.files.geometry import (
    GRID_TOLERANCE_MM,
    axis_codes,
    axis_turns,
    corner_displacement_mm,
    format_shape,
    grids_apart_mm,
    one_volume,
    spacing,
    turn_grid,
)
from registry.files.nifti_header import UNIT_BITS, UNITS_MM, Forms, Storage

if TYPE_CHECKING:
    import nibabel

Array = npt.NDArray[Any]

FORMS_TOLERANCE_MM = 0.05
"""The statements of a header may place a corner this far apart: a quaternion in float32 is no more exact on a large
grid. Voxel edges in float32 are: they move a corner by less than 1e-4 mm over half a metre, oblique or not."""

MAX_VOXEL_BYTES = 8 << 30
"""A header that declares more than this is refused before any voxel is read."""

_LONGEST_AXIS = 32767
"""NIfTI-1 counts voxels in signed 16-bit numbers."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Header:
    """A NIfTI header, read without voxels.

    Attributes:
        shape: array shape, (I, J, K) or (I, J, K, T).
        affine_ras: 4 x 4, voxel index to RAS millimetres.
        spacing_mm: voxel edge lengths along i, j, k.
        dtype: on-disk data type, `int16`, `uint8`, ...
        orientation: axis codes such as `RAS` or `LPS`.
        forms_agree: False when `forms_apart_mm` is more than `FORMS_TOLERANCE_MM`.
        forms_missing: neither is set, so that `affine_ras` is nibabel's invention and other programs have another one.
    """

    shape: tuple[int, ...]
    affine_ras: Array
    spacing_mm: tuple[float, float, float]
    dtype: str
    orientation: str
    forms_agree: bool
    forms_missing: bool = False


@dataclass(frozen=True)
class Volume:
    """Voxels with their grid. `data` is (I, J, K) or (I, J, K, T); `affine_ras` is 4 x 4."""

    data: Array
    affine_ras: Array

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Voxel edge lengths along i, j, k."""
        return spacing(self.affine_ras)

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(self.affine_ras[:3, :3])))


def read_header(path: Path) -> Header:
    """Header of a `.nii` or `.nii.gz` file.

    Raises:
        InvalidInput: not a NIfTI file, unreadable, or a header that declares an absurd size.
    """
    plain = nifti_header.read(path)
    return (_plain_header(plain) if plain else None) or _any_header(path)


def _plain_header(plain: nifti_header.PlainHeader) -> Header | None:
    """The same `Header` that nibabel would give, or None where a limit is so near that nibabel has to say."""
    affine = np.array([*plain.affine_ras, (0, 0, 0, 1)], dtype=float)
    size = math.prod(plain.shape) * np.dtype(plain.dtype).itemsize
    near = abs(plain.forms_apart_mm - FORMS_TOLERANCE_MM) < FORMS_TOLERANCE_MM / 1000
    if near or size > MAX_VOXEL_BYTES or abs(np.linalg.det(affine[:3, :3])) < 1e-11:
        return None
    agree = plain.forms_apart_mm <= FORMS_TOLERANCE_MM
    return Header(plain.shape, affine, spacing(affine), plain.dtype, plain.orientation, agree)


def _any_header(path: Path) -> Header:
    import nibabel

    image = _open(path)
    shape = tuple(int(n) for n in image.shape)
    affine = _affine_mm(image)
    return Header(
        shape,
        affine,
        spacing(affine),
        str(image.get_data_dtype()),
        "".join(code or "?" for code in nibabel.aff2axcodes(affine)),
        _forms_apart_mm(image, shape, _read_edges(path)) <= FORMS_TOLERANCE_MM,
        int(image.header["qform_code"]) == 0 and int(image.header["sform_code"]) == 0,
    )


def read_storage(path: Path) -> Storage:
    """How a file is stored, which its `Header` does not say: scale, unit, and both forms.

    Raises:
        InvalidInput: as `read_header`.
    """
    read_header(path)
    return nifti_header.read_storage(path)


def forms_apart_mm(path: Path) -> float:
    """The largest distance of a corner under one statement of the header from itself under another.

    The statements are sform, qform, and the voxel edges in `pixdim`: of the form that it prefers ITK takes directions
    and origin, and the edges from there, so that 3 mm beside an sform of 1 mm are 3 mm, and a negative edge mirrors.
    It is 0 where neither form is set, and infinite where one is unusable.

    Raises:
        InvalidInput: as `read_header`.
    """
    image = _open(path)
    return _forms_apart_mm(image, tuple(image.shape), _read_edges(path))


def load(path: Path, dtype: npt.DTypeLike | None = None) -> Volume:
    """Voxels and grid of a NIfTI file; scaled floats as float32 unless `dtype` says otherwise.

    Raises:
        InvalidInput: not a NIfTI file, or truncated.
    """
    image = _open(path)
    try:
        data = np.asarray(image.dataobj)
    except (OSError, EOFError, ValueError, OverflowError, zlib.error) as error:
        raise InvalidInput(f"{path.name} ends before its voxels do ({error}).", "Copy the file again.") from error
    if dtype is None:
        dtype = np.float32 if data.dtype.kind == "f" else data.dtype
    return Volume(np.ascontiguousarray(data, dtype=dtype), _affine_mm(image))


def require_whole(path: Path) -> None:
    """Read a compressed file to its end, where gzip keeps a checksum of its content. Other files are not read.

    Raises:
        InvalidInput: damaged or cut short.
    """
    if not path.name.endswith(".gz"):
        return
    left = 2 * MAX_VOXEL_BYTES
    try:
        with gzip.open(path) as stream:
            while left > 0 and (block := stream.read(_BLOCK)):
                left -= len(block)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path.name} is damaged or cut short ({error}).", "Copy the file again.") from error


def canonical(volume: Volume, codes: str = "RAS") -> Volume:
    """The same voxels with axes that point right, anterior, superior as closely as turns and flips allow.

    Args:
        volume: on any grid.
        codes: other directions for the three axes, such as `LAS`.
    """
    from nibabel import orientations

    turns = axis_turns(volume.affine_ras, codes)
    _, affine = turn_grid(volume.data.shape, volume.affine_ras, codes)
    return Volume(orientations.apply_orientation(volume.data, turns), affine)


def lay_on(
    volume: Volume, shape: tuple[int, ...], affine_ras: Array, within_mm: float = GRID_TOLERANCE_MM
) -> Volume | None:
    """The same voxels with their axes in the order of another grid; None where that grid has other voxels.

    Args:
        volume: (I, J, K) voxels, whichever way their axes are stored.
        shape: (I, J, K) of the wanted grid.
        affine_ras: its 4 x 4.
        within_mm: how far apart corners of the two grids may be.
    """
    turned = canonical(volume, axis_codes(affine_ras))
    apart = grids_apart_mm(turned.data.shape, turned.affine_ras, shape, affine_ras)
    return Volume(turned.data, affine_ras) if apart <= within_mm else None


def load_labels(path: Path) -> Volume:
    """A label map as integers (I, J, K), without axes of length 1 beyond the third.

    Floats within 1e-3 of integers are rounded.

    Raises:
        InvalidInput: values that are no labels (fractions, negative, NaN).
    """
    volume = load(path)
    data = volume.data
    if data.dtype.kind == "f":
        rounded = np.rint(data)
        if not np.all(np.abs(data - rounded) <= 1e-3):
            raise InvalidInput(f"{path.name} holds values that are no labels.", "Export it as whole numbers.")
        data = rounded
    if data.size and (data.min() < 0 or data.max() > 65535):
        raise InvalidInput(f"{path.name} holds labels outside 0 to 65535.", "Check which file this is.")
    data = data.reshape(one_volume(data.shape))
    return Volume(data.astype(np.uint8 if not data.size or data.max() < 256 else np.uint16), volume.affine_ras)


def encode(data: Array, affine_ras: Array, forms: Forms | None = None) -> bytes:
    """A clean `.nii.gz`: only shape, type and grid in the header; equal voxels give equal bytes.

    Args:
        data: (I, J, K) or (I, J, K, T); bool becomes uint8, float64 float32, 64-bit whole numbers int32.
        affine_ras: 4 x 4, written as sform (code 1, scanner), and as qform too where a quaternion in single precision
            can say it: near half turns it cannot, and two forms that disagree would be a trap.
        forms: of another file on the same grid, which are repeated instead; then `affine_ras` is not used.

    Raises:
        InvalidInput: an axis is too long, or a whole number too large, for NIfTI-1.
    """
    import nibabel

    array = np.asarray(data)
    if max(array.shape, default=0) > _LONGEST_AXIS:
        raise InvalidInput(
            f"{max(array.shape)} voxels along one axis are more than NIfTI-1 can say.",
            f"At most {_LONGEST_AXIS} fit; cut the image.",
        )
    array = array.astype(np.uint8) if array.dtype == bool else array
    array = array.astype(np.float32) if array.dtype == np.float64 else array
    array = _narrow(array) if array.dtype in (np.int64, np.uint64) else array
    image = nibabel.Nifti1Image(array, None if forms else np.asarray(affine_ras, dtype=float))
    image.header.set_xyzt_units("mm", "sec")
    if forms is not None:
        forms.write(image.header)
        return gzip_bytes(image.to_bytes())
    image.set_sform(affine_ras, code=1)
    image.set_qform(affine_ras, code=1, strip_shears=True)
    if not _forms_agree(image, array.shape):
        image.set_qform(None, code=0)
    return gzip_bytes(image.to_bytes())


def _narrow(array: Array) -> Array:
    """64-bit whole numbers, which many programs cannot read, as int32.

    Raises:
        InvalidInput: a number does not fit.
    """
    if array.size and (array.max() > 2**31 - 1 or array.min() < -(2**31)):
        raise InvalidInput(
            f"The value {array.max()} has no NIfTI type that every program reads.",
            "Store whole numbers of at most 32 bits.",
        )
    return array.astype(np.int32)


def save(path: Path, data: Array, affine_ras: Array) -> None:
    """Write voxels to a new file; folders above it are made.

    Args:
        path: the file.
        data: as for `encode`.
        affine_ras: as for `encode`.

    Raises:
        FileExistsError: the file is there already; evidence is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(encode(data, affine_ras))


def _open(path: Path) -> nibabel.Nifti1Pair:
    import nibabel

    if not path.is_file():
        raise InvalidInput(f"{path.name} is not a readable file.", "Fetch it first if it is a link to absent content.")
    nibabel.imageglobals.logger.setLevel(logging.CRITICAL)  # our errors report once what nibabel would log
    try:
        image = nibabel.load(path)
    except Exception as error:
        raise InvalidInput(f"{path.name} is not a NIfTI image.", "Expected a .nii or .nii.gz file.") from error
    if not isinstance(image, nibabel.Nifti1Pair):
        raise InvalidInput(f"{path.name} is not a NIfTI image.", "Convert it to .nii.gz first.")
    size = int(np.prod([max(int(n), 0) for n in image.shape], dtype=object)) * image.get_data_dtype().itemsize
    if size > MAX_VOXEL_BYTES or min(image.shape, default=0) < 1:
        raise InvalidInput(
            f"{path.name} declares {format_shape(image.shape)} voxels, which is no possible size.",
            "The header is damaged or hostile; ask for the file again.",
        )
    if not np.all(np.isfinite(image.affine)) or abs(np.linalg.det(image.affine[:3, :3])) < 1e-12:
        raise InvalidInput(
            f"{path.name} does not say where its voxels lie.",
            "Its sform or qform holds no usable numbers; ask for the file again.",
        )
    return image


def place(path: Path, affine_ras: Array) -> None:
    """Write another grid into the header of a `.nii` file, in both forms as `encode` does; its voxels stay.

    Args:
        path: of an uncompressed file that may be changed.
        affine_ras: 4 x 4.
    """
    import nibabel

    with path.open("r+b") as stream:
        header = nibabel.Nifti1Header.from_fileobj(stream, check=False)
        image = nibabel.Nifti1Image(np.broadcast_to(np.uint8(0), header.get_data_shape()), affine_ras, header)
        image.set_sform(affine_ras, code=1)
        image.set_qform(affine_ras, code=1, strip_shears=True)
        if not _forms_agree(image, header.get_data_shape()):
            image.set_qform(None, code=0)
        new = image.header.binaryblock
        for begin, end in ((76, 92), (252, 328)):  # lengths of the three axes; codes, quaternion and rows of the forms
            stream.seek(begin)
            stream.write(new[begin:end])


def _affine_mm(image: nibabel.Nifti1Pair) -> Array:
    """The affine in mm: the header's own unit is converted, which nibabel leaves to its caller."""
    unit = UNITS_MM.get(int(image.header["xyzt_units"]) & UNIT_BITS, 1.0)
    return np.asarray(np.diag([unit, unit, unit, 1.0]) @ np.asarray(image.affine, dtype=float))


def _forms_agree(image: nibabel.Nifti1Pair, shape: tuple[int, ...]) -> bool:
    return _forms_apart_mm(image, shape) <= FORMS_TOLERANCE_MM


def _read_edges(path: Path) -> Sequence[float] | None:
    """The voxel edges as stored: nibabel makes a negative one positive without a word. None where they are not read."""
    try:
        storage = nifti_header.read_storage(path)
    except (OSError, EOFError, ValueError, zlib.error):  # a header that only nibabel can repair
        return None
    return [edge / storage.unit_mm for edge in storage.forms.pixdim[1:]]


def _forms_apart_mm(image: nibabel.Nifti1Pair, shape: tuple[int, ...], edges: Sequence[float] | None = None) -> float:
    sform, scode = image.header.get_sform(coded=True)
    try:
        qform, qcode = image.header.get_qform(coded=True)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError):  # a quaternion that is no rotation
        return math.inf
    if not int(scode) and not int(qcode):
        return 0.0
    own = sform if int(scode) else qform
    edges = edges or [float(edge) for edge in image.header["pixdim"][1:4]]
    stretched = np.array([*nifti_header.stretch(own.tolist(), edges), (0, 0, 0, 1)])
    apart = corner_displacement_mm([size + 1 for size in shape], own, stretched)
    apart = max(apart, corner_displacement_mm(shape, own, qform)) if int(scode) and int(qcode) else apart
    return apart * UNITS_MM.get(int(image.header["xyzt_units"]) & UNIT_BITS, 1.0)
