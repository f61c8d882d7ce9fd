"""A slice of an image with the outlines of reference and prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from registry.files.volumes import Array, Volume, canonical

REFERENCE, PREDICTION, BOTH = (0, 200, 255), (255, 140, 0), (140, 255, 90)
"""Colours (RGB) of the outlines: blue, orange, light green where they coincide; white would vanish in lesions."""

WIDTH = 640
"""The wider side of a picture has about this many pixels, or more."""


@dataclass(frozen=True)
class OverlayImage:
    """An image with two label maps on one grid.

    Attributes:
        image: (I, J, K) intensities.
        reference: (I, J, K) label values; 0 is the background.
        predicted: (I, J, K) label values.
        affine_ras: 4 x 4, voxel index to RAS millimetres.
    """

    image: Array
    reference: Array
    predicted: Array
    affine_ras: Array


def draw(view: OverlayImage) -> Array:
    """A picture of the axial slice where reference and prediction together are largest.

    Returns:
        (height, width, 3) uint8, pixels nearly square in millimetres; the right of the person is on the left, the front
        is up. Grey runs from the 1st to the 99.5th percentile.
    """
    volumes, spacing = _axial(view)
    image, reference, predicted = (volume[:, :, _best_slice(volumes[1], volumes[2])] for volume in volumes)
    zoom = _zoom(image.shape, spacing)
    grey, a, b = (_enlarge(plane, zoom) for plane in (_grey(image), reference, predicted))
    pixels = np.repeat(grey[..., None], 3, axis=2)
    edge_a, edge_b = _outline(a), _outline(b)
    pixels[edge_a], pixels[edge_b], pixels[edge_a & edge_b] = REFERENCE, PREDICTION, BOTH
    return np.ascontiguousarray(pixels.transpose(1, 0, 2)[::-1])  # front up


def _axial(view: OverlayImage) -> tuple[list[Array], tuple[float, float]]:
    """The volumes with axes (left, anterior, superior), and the in-plane spacing in mm."""
    turned = [canonical(Volume(data, view.affine_ras), "LAS") for data in (view.image, view.reference, view.predicted)]
    return [volume.data for volume in turned], turned[0].spacing_mm[:2]


def _best_slice(reference: Array, predicted: Array) -> int:
    size = (reference > 0).sum((0, 1)) + (predicted > 0).sum((0, 1))
    return int(size.argmax()) if size.any() else len(size) // 2


def _zoom(shape: tuple[int, ...], spacing: tuple[float, float]) -> tuple[int, int]:
    """Whole factors for both axes: the wider side gets about `WIDTH` pixels or more, nearly square in mm."""
    finest = max(1.0, WIDTH / max(n * s for n, s in zip(shape, spacing, strict=True)))
    return (max(1, round(finest * spacing[0])), max(1, round(finest * spacing[1])))


def _enlarge(plane: Array, zoom: tuple[int, int]) -> Array:
    return np.asarray(plane.repeat(zoom[0], axis=0).repeat(zoom[1], axis=1))


def _grey(plane: Array) -> Array:
    finite = np.nan_to_num(plane.astype(np.float32))
    low, high = np.percentile(finite, (1, 99.5))
    return np.asarray(np.clip((finite - low) / max(float(high - low), 1e-6), 0, 1) * 235, dtype=np.uint8)


def _outline(labels: Array) -> Array:
    """The pixels of a label within two pixels of another label or the background; two are visible at any zoom."""
    edges = np.zeros(labels.shape, dtype=bool)
    for label in np.unique(labels[labels > 0]):
        inner = mask = labels == label
        for _ in range(2):
            padded = np.pad(inner, 1)
            inner = inner & padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        edges |= mask & ~inner
    return edges
