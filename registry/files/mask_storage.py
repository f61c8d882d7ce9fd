"""Label maps as they are stored: whole numbers without a scale, three axes, millimetres, and the forms of their image.

What is checked is what is stored. A file in any other form may be read as other values or at another place by some
program, so it is written anew (`encode_on`) when it comes in; `list_differences` says what made that necessary.
"""

from __future__ import annotations

from pathlib import Path

from registry.files import volumes
from registry.files.geometry import GRID_TOLERANCE_MM, corner_displacement_mm
from registry.files.nifti_header import Forms
from registry.files.volumes import Array


def encode_on(data: Array, image: Path) -> bytes:
    """A clean `.nii.gz` on the grid of an image file, which every program places where it places the image.

    Args:
        data: (I, J, K) voxels on the image's grid.
        image: the image, or another label map on its grid.

    Returns:
        As `volumes.encode`; the image's own forms are repeated where programs would not agree about them.

    Raises:
        InvalidInput: the image is not readable.
    """
    return volumes.encode(data, volumes.read_header(image).affine_ras, contested_forms(image))


def contested_forms(image: Path) -> Forms | None:
    """The forms of a file that programs place differently: neither is set, or they disagree; else None.

    Voxel edges in `pixdim` unlike the sform's are such a disagreement, as `volumes.forms_apart_mm` says.

    Raises:
        InvalidInput: the file is not readable.
    """
    forms = volumes.read_storage(image).forms
    return forms if forms.missing or volumes.forms_apart_mm(image) > GRID_TOLERANCE_MM else None


def list_differences(mask: Path, image: Path | None = None) -> list[str]:
    """Words for what keeps a sound label map from being stored as it is: `with a scale`, `as decimals`.

    Args:
        mask: the label map.
        image: the image it was drawn on; None compares it with no image.

    Returns:
        Empty where every program reads the same values at the image's place.

    Raises:
        InvalidInput: a file is not readable.
    """
    header, storage = volumes.read_header(mask), volumes.read_storage(mask)
    checks = {
        "as NIfTI-2": storage.version != 1,
        "as decimals": header.dtype.startswith("float"),
        "as 64-bit numbers": header.dtype in ("int64", "uint64"),
        "with a scale": storage.scaled,
        f"with {storage.axes} axes": storage.axes != 3,
        "in another unit than mm": storage.unit_mm != 1,
        "with a qform or sform unlike its image's": not _same_place(mask, image or mask),
    }
    return [words for words, found in checks.items() if found]


def _same_place(mask: Path, image: Path) -> bool:
    """Whether every program places both alike; law 2 allows the tolerance of a grid, and no more by either form."""
    own, wanted = contested_forms(mask), contested_forms(image)
    if own is not None or wanted is not None:
        return own == wanted
    one, other = volumes.read_header(mask), volumes.read_header(image)
    return corner_displacement_mm(one.shape, one.affine_ras, other.affine_ras) <= GRID_TOLERANCE_MM
