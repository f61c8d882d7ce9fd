"""Exported files as their audience reads them: nnU-Net, and many programs for the Decathlon, read with SimpleITK.

SimpleITK reads no NIfTI-2 and no sheared grid, takes the voxel edges from another field than the sform, and sometimes
prefers the qform. So what was written is read again with it. Start at `settle`, which writes the files of one sample
as they are and, where SimpleITK reads something else, anew; `conclude` refuses what it cannot read in any form.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from registry.errors import GeometryError, InvalidInput
from registry.export.bundle import Bundle
from registry.export.grids import Frame
from registry.files import volumes
from registry.files.geometry import GRID_TOLERANCE_MM, axis_codes, corner_displacement_mm, format_shape
from registry.files.label_maps import require_named
from registry.files.volumes import FORMS_TOLERANCE_MM, Array
from registry.vocabulary.display import format_count

_LPS = np.diag([-1.0, -1.0, 1.0])

_SKEW = 1e-5
"""Cosine between two axes from which on they are named as the reason; single precision alone gives less."""

_SHOWN = 3
"""So many samples are named with their reason."""


class _Place(NamedTuple):
    """Where SimpleITK sees a file: shape, voxel edges (mm), 4 x 4 to RAS mm, and whether its values are decimals."""

    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    affine_ras: Array
    decimals: bool


def settle(frame: Frame, write: Callable[[Frame], tuple[list[str], str]], named: Collection[int]) -> None:
    """Write the files of a sample so that SimpleITK reads what the registry does: as they are, else anew.

    The bundle keeps which samples were written anew, which cannot be read even then, and which state no position.

    Args:
        frame: the sample.
        write: writes the sample's files; returns the paths of the images and that of the label map in the export.
        named: the label values that `dataset.json` names.

    Raises:
        InvalidInput: the label map holds another value, or cannot be read to its end.
    """
    bundle, sample = frame.bundle, frame.sample.sample
    images, mask = write(frame)
    if difference := _find_difference(bundle, images, mask):
        if left := _find_difference(bundle, *write(replace(frame, anew=True))):
            bundle.unreadable[sample] = left
            return
        bundle.written_anew[sample] = difference
    _require_labels(bundle.folder / mask, sample, named)
    header = volumes.read_header(bundle.source(bundle.target(frame.sample)))
    if header.forms_missing:
        turned = axis_codes(header.affine_ras) != frame.axes
        bundle.unstated[sample] = "that of nibabel was written, as its axes were turned" if turned else ""


def conclude(bundle: Bundle) -> None:
    """Note the samples that were written anew and those whose place is not stated.

    Raises:
        GeometryError: SimpleITK reads a sample in no form as the registry does.
    """
    if bundle.unreadable:
        raise GeometryError(
            "SimpleITK, with which nnU-Net and others read this layout, cannot read "
            f"{format_count(len(bundle.unreadable), 'sample')} as the registry does: {_list(bundle.unreadable)}.",
            "Exclude such images, or export the snapshot with --layout bids.",
        )
    if anew := bundle.written_anew:
        bundle.notes.append(
            f"{format_count(len(anew), 'sample')} had to be written anew with the same voxels, because SimpleITK "
            f"would not read what the registry does: {_list(anew)}."
        )
    if unstated := bundle.unstated:
        bundle.notes.append(
            f"{format_count(len(unstated), 'sample')} {'states' if len(unstated) == 1 else 'state'} no position, and "
            f"programs invent different ones (neither qform nor sform is set): {_list(unstated)}."
        )


def _require_labels(path: Path, sample: str, named: Collection[int]) -> None:
    """Read a label map with SimpleITK, and check that each of its values has a name.

    Raises:
        InvalidInput: it holds another value, or cannot be read to its end.
    """
    import SimpleITK

    try:
        data = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    except RuntimeError as error:
        raise InvalidInput(
            f"SimpleITK cannot read the mask of {sample} ({_last_line(error, path)}).",
            "Ask for the mask again, or exclude the image.",
        ) from error
    require_named(data, named, f"The mask of {sample}")


def _list(samples: Mapping[str, str]) -> str:
    """`sub-01 (it is NIfTI-2), sub-02 (...)`, and how many more there are."""
    shown = ", ".join(f"{name} ({words})" if words else name for name, words in list(samples.items())[:_SHOWN])
    return shown + (f", and {len(samples) - _SHOWN} more" if len(samples) > _SHOWN else "")


def _find_difference(bundle: Bundle, images: Sequence[str], mask: str) -> str | None:
    """Words for what SimpleITK reads otherwise in a sample's files than the registry does; None where it does not."""
    paths = [bundle.folder / path for path in (mask, *images)]
    own = volumes.read_header(paths[0])
    places = []
    for path in paths:
        try:
            places.append(_read_place(path))
        except RuntimeError as error:
            return _explain(path, error)
    lies = places[0]
    if lies.decimals:
        return "its mask is stored as decimals"
    # Where no position is stated SimpleITK invents one, and all that can be asked is that all files get the same.
    stated, limit_mm = (own.affine_ras, FORMS_TOLERANCE_MM) if not own.forms_missing else (lies.affine_ras, 0.0)
    if (apart := corner_displacement_mm(own.shape, lies.affine_ras, stated)) > limit_mm:
        return f"its mask would lie {apart:.3g} mm elsewhere"
    for path, place in zip(paths[1:], places[1:], strict=True):
        if place.shape[:3] != lies.shape:
            return f"{path.name} would have {format_shape(place.shape)} voxels"
        apart = corner_displacement_mm(lies.shape, place.affine_ras, lies.affine_ras)
        # nnU-Net compares voxel edges of image and mask by numpy's own relative tolerance, and stops.
        if apart > GRID_TOLERANCE_MM or not np.allclose(place.spacing_mm[:3], lies.spacing_mm):
            return f"{path.name} would lie {apart:.3g} mm away from its mask"
    return None


def _read_place(path: Path) -> _Place:
    """The header as SimpleITK reads it.

    Raises:
        RuntimeError: SimpleITK cannot read it.
    """
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)  # what is odd about a file is said by our sentences
    reader = SimpleITK.ImageFileReader()
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    n = reader.GetDimension()
    edges = reader.GetSpacing()
    affine = np.eye(4)
    affine[:3, :3] = _LPS @ np.array(reader.GetDirection()).reshape(n, n)[:3, :3] * np.array(edges[:3])
    affine[:3, 3] = _LPS @ reader.GetOrigin()[:3]
    decimals = reader.GetPixelID() in (SimpleITK.sitkFloat32, SimpleITK.sitkFloat64)
    return _Place(tuple(reader.GetSize()), tuple(edges), affine, decimals)


def _explain(path: Path, error: RuntimeError) -> str:
    """Why SimpleITK does not read a file that the registry reads."""
    if volumes.read_storage(path).version != 1:
        return f"{path.name} is NIfTI-2"
    if _skew(volumes.read_header(path).affine_ras) > _SKEW:
        return f"the axes of {path.name} are not at right angles"
    return _last_line(error, path)


def _skew(affine_ras: Array) -> float:
    """The largest cosine between two axes: 0 where all are at right angles."""
    axes = affine_ras[:3, :3] / np.linalg.norm(affine_ras[:3, :3], axis=0)
    return float(np.abs(axes.T @ axes - np.eye(3)).max())


def _last_line(error: Any, path: Path) -> str:
    return str(error).strip().splitlines()[-1].replace(str(path), path.name)
