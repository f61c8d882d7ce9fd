"""The common head: ICBM152 2009a tissue maps from nilearn's wheel, cropped to the brain.

Frame: RAS millimetres of the template; voxels are 1 mm, so index = millimetre - origin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from registry.files.volumes import Array
from registry.measures.distance_map import distance_map

ZONES = ("periventricular", "deep", "juxtacortical")
"""The zones of white-matter lesions: at the ventricles, in deep white matter, under the cortex."""

_MARGIN = 3


@dataclass(frozen=True)
class Atlas:
    """Tissue of the common head, arrays (I, J, K) float32 on a 1 mm grid.

    Attributes:
        t1: T1-weighted template, 0 to 1, 0 outside the brain.
        white, grey, csf: shares of a voxel, summing to 1 inside the brain and 0 outside.
        ventricle_mm: distance to the lateral ventricles.
        origin_mm: (3,) template RAS millimetres of voxel (0, 0, 0).
        zones: name in `ZONES` to the voxels (N, 3) where a lesion may have its centre.
    """

    t1: Array
    white: Array
    grey: Array
    csf: Array
    ventricle_mm: Array
    origin_mm: Array
    zones: dict[str, Array]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Grid shape (I, J, K)."""
        i, j, k = self.t1.shape
        return (i, j, k)

    @property
    def centre_mm(self) -> Array:
        """(3,) template RAS millimetres of the middle of the brain's box."""
        return np.asarray(self.origin_mm + (np.array(self.shape) - 1) / 2, dtype=float)


def load_atlas() -> Atlas:
    """The atlas from the maps in nilearn's installed wheel; nothing is downloaded.

    The 1 mm maps are read, not nilearn's 2 mm resampling: gyri stay sharp, and each scanner blurs them to its voxels.
    """
    from nilearn import datasets

    images = [
        datasets.load_mni152_template(resolution=1),
        datasets.load_mni152_gm_template(resolution=1),
        datasets.load_mni152_wm_template(resolution=1),
    ]
    t1, grey, white = (np.asarray(image.dataobj, dtype=np.float32) for image in images)
    box = _brain_box(t1)
    origin = np.asarray(images[0].affine, dtype=float)[:3, 3] + [part.start for part in box]
    t1 = np.ascontiguousarray(t1[box])
    white, grey, csf = _sharpen_shares(t1, white[box], grey[box])
    ventricle_mm = _ventricle_distance(csf, origin)
    return Atlas(t1, white, grey, csf, ventricle_mm, origin, _find_zones(white, grey, ventricle_mm, origin))


def _brain_box(t1: Array) -> tuple[slice, slice, slice]:
    box = ndimage.find_objects((t1 > 0.02).astype(np.uint8))[0]
    i, j, k = (slice(max(part.start - _MARGIN, 0), part.stop + _MARGIN) for part in box)
    return (i, j, k)


def _sharpen_shares(t1: Array, white: Array, grey: Array) -> tuple[Array, Array, Array]:
    """Sharpened tissue shares: an average of 152 heads is blurrier than each of them, and squaring undoes a part."""
    brain = t1 > 0.02
    csf = np.clip(1 - white - grey, 0, 1) * brain
    squares = [np.square(part) * brain for part in (white, grey, csf)]
    total = np.maximum(squares[0] + squares[1] + squares[2], 1e-6)
    sharp_white, sharp_grey, sharp_csf = (np.asarray(part / total, dtype=np.float32) for part in squares)
    return sharp_white, sharp_grey, sharp_csf


def _axes_mm(shape: tuple[int, ...], origin: Array) -> list[Array]:
    """Open grid of template coordinates: (I, 1, 1), (1, J, 1), (1, 1, K)."""
    return [index + start for index, start in zip(np.ogrid[tuple(slice(n) for n in shape)], origin, strict=True)]


def _ventricle_distance(csf: Array, origin: Array) -> Array:
    """Distance in mm to fluid in the box of the lateral ventricles; cisterns and fissures are left out."""
    x, y, z = _axes_mm(csf.shape, origin)
    box = (np.abs(x) < 34) & (np.abs(x) > 3) & (y > -52) & (y < 34) & (z > 2) & (z < 32)
    cistern = (np.abs(x) < 11) & (y < -25) & (z < 17)
    ventricles = (csf > 0.5) & box & ~cistern
    return distance_map(ventricles, (1.0, 1.0, 1.0))


def _find_zones(white: Array, grey: Array, ventricle_mm: Array, origin: Array) -> dict[str, Array]:
    x, _, z = _axes_mm(white.shape, origin)
    cerebrum = (z > -5) & (np.abs(x) > 6)
    cortex = ndimage.uniform_filter(grey, 7)
    away = ventricle_mm > 14
    masks = {
        "periventricular": cerebrum & (ventricle_mm > 2) & (ventricle_mm < 6) & (white > 0.75),
        "deep": cerebrum & (z > 12) & (ventricle_mm > 7) & (ventricle_mm < 22) & (white > 0.99) & (cortex < 0.05),
        "juxtacortical": cerebrum & (z > 12) & away & (white > 0.8) & (cortex > 0.25) & (cortex < 0.5),
    }
    return {name: np.argwhere(masks[name]) for name in ZONES}
