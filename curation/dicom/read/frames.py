"""Positions of the frames of one instance: a classic image, a Siemens mosaic, or enhanced multi-frame.

Source: DICOM PS3.3, C.7.6.2 (Image Plane) and C.7.6.16 (Multi-frame Functional Groups).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from curation.dicom.read import mosaic
from curation.dicom.read.elements import count_digits, first, number, numbers, private, text, whole, words
from curation.dicom.read.instances import Frame, Storage

_CSA_IMAGE, _CSA_NAME, _MOSAIC_COUNT = (0x0029, 0x1010), (0x0029, 0x0010), (0x0019, 0x100A)
_MAX_FRAMES = 1 << 16


def read_frames(dataset: Any) -> tuple[Storage, tuple[Frame, ...]]:
    """How the frames are stored, and the frames; empty if the header does not give a position for all of them."""
    if "PerFrameFunctionalGroupsSequence" in dataset:
        return Storage.MULTIFRAME, _read_enhanced(dataset)
    whole_frame = _read_frame(0, dataset, dataset, dataset)
    if whole_frame is None or whole(dataset, "NumberOfFrames") > 1:
        return Storage.SINGLE, ()
    layout = _read_tiles(dataset)
    if layout is None:
        return Storage.SINGLE, (whole_frame,)
    pixels = (whole(dataset, "Rows"), whole(dataset, "Columns"))
    distance = number(dataset, "SpacingBetweenSlices") or number(dataset, "SliceThickness")
    return Storage.MOSAIC, mosaic.frames(layout, whole_frame, pixels, distance)


def mosaic_side(dataset: Any) -> int:
    """Number of tiles in a row of a mosaic; 1 for other images."""
    layout = _read_tiles(dataset)
    return layout.side if layout else 1


def _read_tiles(dataset: Any) -> mosaic.Tiles | None:
    if "MOSAIC" not in words(dataset, "ImageType"):
        return None
    csa = private(dataset, *_CSA_IMAGE) if "CSA" in str(private(dataset, *_CSA_NAME)) else None
    count = private(dataset, *_MOSAIC_COUNT)
    return mosaic.tiles(csa if isinstance(csa, bytes) else b"", int(count) if isinstance(count, int) else 0)


def _read_enhanced(dataset: Any) -> tuple[Frame, ...]:
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    frames: list[Frame] = []
    for index, own in enumerate(list(dataset.PerFrameFunctionalGroupsSequence)[:_MAX_FRAMES]):
        position, cosines, measures = (
            first(own, name) or first(shared, name)
            for name in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        temporal = whole(first(own, "FrameContentSequence"), "TemporalPositionIndex")
        frame = _read_frame(index, position, cosines, measures, temporal)
        if frame is None:
            return ()
        frames.append(replace(frame, kind=_read_kind(own, shared), rescale=_read_rescale(own, shared)))
    return tuple(frames)


def _read_kind(own: Any, shared: Any) -> tuple[str, float]:
    """Component and echo time of a frame of an enhanced file."""
    described = first(own, "MRImageFrameTypeSequence") or first(shared, "MRImageFrameTypeSequence")
    component = text(described, "ComplexImageComponent").upper()
    third = {word.upper() for word in words(described, "FrameType")[2:3]}
    phase = component.startswith("PHASE") or "P" in third or "PHASE" in third
    echo = first(own, "MREchoSequence") or first(shared, "MREchoSequence")
    return ("PHASE" if phase else "", round(number(echo, "EffectiveEchoTime"), 3))


def _read_rescale(own: Any, shared: Any) -> tuple[float, float] | None:
    found = first(own, "PixelValueTransformationSequence") or first(shared, "PixelValueTransformationSequence")
    return None if found is None else (number(found, "RescaleSlope", 1.0), number(found, "RescaleIntercept"))


def _read_frame(index: int, position: Any, cosines: Any, measures: Any, temporal: int | None = None) -> Frame | None:
    """A frame from the datasets that hold its position, orientation and pixel spacing; None if one is missing."""
    at, axes = numbers(position, "ImagePositionPatient"), numbers(cosines, "ImageOrientationPatient")
    spacing = numbers(measures, "PixelSpacing")
    if len(at) != 3 or len(axes) != 6 or len(spacing) != 2 or min(spacing) <= 0 or not _is_rotation(axes):
        return None
    when = whole(position, "TemporalPositionIdentifier") if temporal is None else temporal
    directions = (axes[0], axes[1], axes[2], axes[3], axes[4], axes[5])
    digits = count_digits(position, "ImagePositionPatient")
    return Frame(index, (at[0], at[1], at[2]), directions, (spacing[0], spacing[1]), when, digits)


def _is_rotation(axes: tuple[float, ...]) -> bool:
    """Whether the axes are two unit vectors at right angles, within the rounding of headers with six digits."""
    row, column = axes[:3], axes[3:]
    lengths = [sum(value * value for value in axis) for axis in (row, column)]
    product = sum(a * b for a, b in zip(row, column, strict=True))
    return all(abs(length - 1) < 1e-2 for length in lengths) and abs(product) < 1e-2
