"""The one owner of nibabel: NIfTI headers, voxels, grids.

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

from registry.errors import GeometryError, InvalidInput
from registry.files import nifti_header
from registry.files.canonical import gzip_bytes

if TYPE_CHECKING:
    import nibabel

Array = npt.NDArray[Any]

GRID_TOLERANCE_MM = 1e-3
"""Two grids are one when no corner of the first moves by more than this in the second."""

FORMS_TOLERANCE_MM = 0.05
"""How far sform and qform may place a corner apart: a quaternion in float32 is no more exact on a large grid."""

MAX_VOXEL_BYTES = 8 << 30
"""A header that declares more than this is refused before any voxel is read."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Header:
    """What a NIfTI header says, without reading voxels.

    Attributes:
        shape: array shape, (I, J, K) or (I, J, K, T).
        affine_ras: 4 x 4, voxel index to RAS millimetres.
        spacing_mm: voxel edge lengths along i, j, k.
        dtype: on-disk data type, `int16`, `uint8`, ...
        orientation: axis codes such as `RAS` or `LPS`.
        forms_agree: False when both sform and qform are set and move a corner by more than `FORMS_TOLERANCE_MM`.
    """

    shape: tuple[int, ...]
    affine_ras: Array
    spacing_mm: tuple[float, float, float]
    dtype: str
    orientation: str
    forms_agree: bool


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


def spacing(affine_ras: Array) -> tuple[float, float, float]:
    """Voxel edge lengths (mm) of an affine."""
    lengths = np.linalg.norm(np.asarray(affine_ras, dtype=float)[:3, :3], axis=0)
    return (float(lengths[0]), float(lengths[1]), float(lengths[2]))


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
    affine = np.asarray(image.affine, dtype=float)
    return Header(
        shape,
        affine,
        spacing(affine),
        str(image.get_data_dtype()),
        "".join(code or "?" for code in nibabel.aff2axcodes(affine)),
        _forms_agree(image, shape),
    )


def forms_apart_mm(path: Path) -> float:
    """How far sform and qform place a corner apart; 0 where one of them is not set, infinite where one is unusable.

    Raises:
        InvalidInput: as `read_header`.
    """
    image = _open(path)
    return _forms_apart_mm(image, tuple(image.shape))


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
    return Volume(np.ascontiguousarray(data, dtype=dtype), np.asarray(image.affine, dtype=float))


def require_whole(path: Path) -> None:
    """Read a compressed file to its end, where gzip keeps a checksum of its content; nothing for other files.

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


def canonical(volume: Volume) -> Volume:
    """The same voxels with axes that point right, anterior, superior as closely as turns and flips allow."""
    import nibabel

    turns = nibabel.orientations.io_orientation(volume.affine_ras)
    back = nibabel.orientations.inv_ornt_aff(turns, volume.data.shape[:3])
    return Volume(nibabel.orientations.apply_orientation(volume.data, turns), volume.affine_ras @ back)


def load_labels(path: Path) -> Volume:
    """A label map as integers; floats within 1e-3 of integers are rounded.

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
    return Volume(data.astype(np.uint8 if not data.size or data.max() < 256 else np.uint16), volume.affine_ras)


def encode(data: Array, affine_ras: Array) -> bytes:
    """A clean `.nii.gz`: only shape, type and grid in the header; equal voxels give equal bytes.

    Args:
        data: (I, J, K) or (I, J, K, T); bool becomes uint8, float64 float32, 64-bit whole numbers int32.
        affine_ras: 4 x 4, written as sform (code 1, scanner), and as qform too where a quaternion in single precision
            can say it: near half turns it cannot, and two forms that disagree would be a trap.
    """
    import nibabel

    array = np.asarray(data)
    array = array.astype(np.uint8) if array.dtype == bool else array
    array = array.astype(np.float32) if array.dtype == np.float64 else array
    array = _narrowed(array) if array.dtype in (np.int64, np.uint64) else array
    image = nibabel.Nifti1Image(array, np.asarray(affine_ras, dtype=float))
    image.header.set_xyzt_units("mm", "sec")
    image.set_sform(affine_ras, code=1)
    image.set_qform(affine_ras, code=1, strip_shears=True)
    if not _forms_agree(image, array.shape):
        image.set_qform(None, code=0)
    return gzip_bytes(image.to_bytes())


def _narrowed(array: Array) -> Array:
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
    """Write `encode(...)` to a new file; parents are made.

    Raises:
        FileExistsError: the file is there already; evidence is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(encode(data, affine_ras))


def corner_displacement_mm(shape: tuple[int, ...], affine_a: Array, affine_b: Array) -> float:
    """Largest distance (mm) between the eight corners of one index grid under two affines."""
    top = [max(n - 1, 0) for n in (*shape, 1, 1)[:3]]  # a plane or a line lies at the first voxel of what it lacks
    corners = np.array(np.meshgrid(*[(0, n) for n in top], indexing="ij")).reshape(3, -1)
    homogeneous = np.vstack([corners, np.ones(corners.shape[1])])
    moved = (np.asarray(affine_a) - np.asarray(affine_b)) @ homogeneous
    return float(np.linalg.norm(moved[:3], axis=0).max())


def require_same_grid(name: str, shape: tuple[int, ...], affine: Array, image: Header) -> None:
    """Check law 2: the shape of the image's volume and corners within the tolerance.

    Args:
        name: of the mask, for the message.
        shape: of the mask, (I, J, K); further axes of length 1 say nothing.
        affine: of the mask.
        image: the image's header; one mask serves every volume of a series.

    Raises:
        GeometryError: with both shapes, or the displacement in millimetres.
    """
    if one_volume(shape) != tuple(image.shape[:3]):
        raise GeometryError(
            f"{name} is {_times(shape)} voxels, its image {_times(image.shape)}.",
            "Resample the mask onto the image's grid, or name the image it was drawn on.",
        )
    moved = corner_displacement_mm(shape, affine, image.affine_ras)
    if not moved <= GRID_TOLERANCE_MM:
        raise GeometryError(
            f"{name} lies up to {moved:.3g} mm away from its image's grid.",
            f"At most {GRID_TOLERANCE_MM} mm is allowed; save it on the image's grid.",
        )


def one_volume(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without the axes of length 1 beyond the third: (I, J, K) of whatever holds one volume."""
    found = list(shape)
    while len(found) > 3 and found[-1] == 1:
        found.pop()
    return tuple(found)


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


def _open(path: Path) -> nibabel.Nifti1Pair:
    import nibabel

    if not path.is_file():
        raise InvalidInput(f"{path.name} is not a readable file.", "Fetch it first if it is a link to absent content.")
    nibabel.imageglobals.logger.setLevel(logging.CRITICAL)  # what it finds is said in the errors here, once
    try:
        image = nibabel.load(path)
    except Exception as error:
        raise InvalidInput(f"{path.name} is not a NIfTI image.", "Expected a .nii or .nii.gz file.") from error
    if not isinstance(image, nibabel.Nifti1Pair):
        raise InvalidInput(f"{path.name} is not a NIfTI image.", "Convert it to .nii.gz first.")
    size = int(np.prod([max(int(n), 0) for n in image.shape], dtype=object)) * image.get_data_dtype().itemsize
    if size > MAX_VOXEL_BYTES or min(image.shape, default=0) < 1:
        raise InvalidInput(
            f"{path.name} declares {_times(image.shape)} voxels, which no scan here can have.",
            "The header is damaged or hostile; ask for the file again.",
        )
    if not np.all(np.isfinite(image.affine)) or abs(np.linalg.det(image.affine[:3, :3])) < 1e-12:
        raise InvalidInput(
            f"{path.name} does not say where its voxels lie.",
            "Its sform or qform holds no usable numbers; ask for the file again.",
        )
    return image


def _forms_agree(image: nibabel.Nifti1Pair, shape: tuple[int, ...]) -> bool:
    return _forms_apart_mm(image, shape) <= FORMS_TOLERANCE_MM


def _forms_apart_mm(image: nibabel.Nifti1Pair, shape: tuple[int, ...]) -> float:
    sform, scode = image.header.get_sform(coded=True)
    try:
        qform, qcode = image.header.get_qform(coded=True)
    except (ValueError, FloatingPointError, np.linalg.LinAlgError):  # a quaternion that is no rotation
        return math.inf
    return corner_displacement_mm(shape, sform, qform) if int(scode) and int(qcode) else 0.0
