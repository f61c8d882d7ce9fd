"""Bring all channels of a sample onto one grid, for layouts that have one grid per sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from registry.errors import GeometryError
from registry.export.bundle import Bundle
from registry.export.resampling import resample
from registry.files import volumes
from registry.files.geometry import axis_codes, same_grid, spacing, turn_grid
from registry.files.label_maps import is_painted, paint
from registry.files.volumes import Array, Header, Volume
from registry.manifests import Sample
from registry.measures.coverage import WHOLE, covered_share


def common_axes(bundle: Bundle) -> str:
    """Where the axes of every file of the export point: as all masks are stored, and RAS where they differ.

    Programs for these layouts learn from arrays as they are stored, so one data set has one order of axes.
    """
    masks = (bundle.source(bundle.target(sample)) for sample in bundle.manifest.samples)
    stored = {axis_codes(volumes.read_header(path).affine_ras) for path in masks}
    if len(stored) == 1:
        return stored.pop()
    bundle.notes.append(
        f"Masks are stored with different axes ({', '.join(sorted(stored))}); all files were turned to RAS."
    )
    return "RAS"


@dataclass(frozen=True)
class Frame:
    """One sample, and how its files are to be written.

    Attributes:
        bundle: the export.
        sample: the sample.
        axes: the common axes, to which the target's grid is turned.
        anew: write every file anew, also those that fit as they are.
    """

    bundle: Bundle
    sample: Sample
    axes: str
    anew: bool = False


def target(frame: Frame) -> Volume | None:
    """The target's voxels with the common axes; None where its one file is stored and valued like that."""
    bundle, sample, axes = frame.bundle, frame.sample, frame.axes
    bundle.target(sample)
    paths, shows = [bundle.source(mask) for mask in sample.targets], [mask.labels for mask in sample.targets]
    classes = bundle.manifest.classes
    as_stored = len((header := volumes.read_header(paths[0])).shape) == 3 and axis_codes(header.affine_ras) == axes
    if (not classes or is_painted(shows, classes)) and as_stored and not frame.anew:
        return None
    masks = [as_3d(volumes.load_labels(path)) for path in paths]
    return volumes.canonical(paint(masks, shows, classes) if classes else masks[0], axes)


def encode(frame: Frame, volume: Volume) -> bytes:
    """A clean `.nii.gz` of voxels on the target's grid, which states a position as the target does.

    An invented position is not written as a stated one, unless the axes are turned: without a position nothing would
    say that they are.
    """
    path = frame.bundle.source(frame.bundle.target(frame.sample))
    header = volumes.read_header(path)
    kept = header.forms_missing and axis_codes(header.affine_ras) == frame.axes
    return volumes.encode(volume.data, volume.affine_ras, volumes.read_storage(path).forms if kept else None)


def channels(frame: Frame) -> Iterator[tuple[int, str, Volume | None]]:
    """Position, name and voxels of each channel; None for the voxels where the file itself fits the target's grid.

    A channel on the same voxels as the target is turned to the common axes with it.

    Raises:
        GeometryError: a channel has other voxels and `Options.resample` is off or its place is not known, or it is not
            a single volume.
    """
    bundle, sample = frame.bundle, frame.sample
    target = _turn(volumes.read_header(bundle.source(bundle.target(sample))), frame.axes)
    for position, name in enumerate(bundle.manifest.channels):
        path = bundle.source(sample.images[name])
        header = volumes.read_header(path)
        if (series := int(np.prod(header.shape[3:]))) != 1:
            raise GeometryError(
                f"The {name} of {sample.sample} is a series of {series} volumes.", "Narrow the query to single volumes."
            )
        if same_grid(header.shape[:3], header.affine_ras, target.shape[:3], target.affine_ras):
            kept = len(header.shape) == 3 and not frame.anew
            yield position, name, None if kept else Volume(as_3d(volumes.load(path)).data, target.affine_ras)
        elif laid := _lay(path, header, target):
            yield position, name, laid
        elif bundle.options.resample:
            what = f"The {name} of {sample.sample}"
            _require_places(what, header, target)
            _require_overlap(bundle, what, header, target)
            yield position, name, _resample(bundle, what, path, target)
        else:
            raise GeometryError(
                f"The {name} of {sample.sample} does not lie on the grid of its mask.",
                "This layout has one grid per sample. Export with --resample, as bids, or freeze a one-channel query.",
            )


def _require_places(what: str, header: Header, target: Header) -> None:
    """Refuse to resample where one of the two headers states no position, so that it would be invented.

    Raises:
        GeometryError: names which.
    """
    if header.forms_missing or target.forms_missing:
        raise GeometryError(
            f"{what} cannot be brought onto its mask's grid: the header of "
            f"{'the image' if header.forms_missing else 'the mask'} states no position (neither qform nor sform is "
            "set).",
            "Exclude the image, or ask for it again with its position.",
        )


def _resample(bundle: Bundle, what: str, path: Path, target: Header) -> Volume:
    """A channel on the target's grid; NaN and infinity, which would spread to their neighbours, are 0 before."""
    volume = as_3d(volumes.load(path, np.float32))
    laid = resample(replace(volume, data=np.nan_to_num(volume.data, nan=0, posinf=0, neginf=0)), target)
    if not laid.data.any():
        bundle.notes.append(f"{what} holds nothing but 0 on its mask's grid.")
    return laid


def _require_overlap(bundle: Bundle, what: str, header: Header, target: Header) -> None:
    """Refuse to resample a channel that lies elsewhere, and note one that covers a part of the mask's grid alone.

    Raises:
        GeometryError: they do not overlap, so that the channel would be nothing but zeros.
    """
    share = covered_share(target.shape, target.affine_ras, header.shape, header.affine_ras)
    if share == 0:
        raise GeometryError(
            f"{what} does not overlap with its mask, so nothing but zeros would be exported.",
            "Exclude the image, or ask for it again: its header places it elsewhere.",
        )
    if share < WHOLE:
        bundle.notes.append(f"{what} covers {share:.0%} of its mask's grid; elsewhere 0 was written.")


def _turn(header: Header, axes: str) -> Header:
    """The header of the same voxels with their axes in another order."""
    shape, affine = turn_grid(header.shape[:3], header.affine_ras, axes)
    return replace(header, shape=shape, affine_ras=affine, spacing_mm=spacing(affine), orientation=axes)


def _lay(path: Path, header: Header, target: Header) -> Volume | None:
    """A channel's voxels in the target's order of axes; None where they are other voxels."""
    turned = _turn(header, axis_codes(target.affine_ras))
    if not same_grid(turned.shape, turned.affine_ras, target.shape[:3], target.affine_ras):
        return None
    return volumes.lay_on(as_3d(volumes.load(path)), target.shape[:3], target.affine_ras)


def as_3d(volume: Volume) -> Volume:
    """The volume without trailing axes of length 1, so that it is (I, J, K)."""
    return Volume(volume.data.reshape(volume.data.shape[:3]), volume.affine_ras)


def stack(parts: list[Array]) -> Array:
    """Channels (I, J, K) stacked into one array (I, J, K, C), in a type that holds all of them."""
    return np.stack([part.astype(np.result_type(*parts), copy=False) for part in parts], axis=-1)
