"""Two heads as a person compares them: the same slice of both about the centre, the second turned like the first.

The fingerprints decide what is proposed; here a person sees the images themselves. Fields of view and positions in the
scanner do not matter: what lies the same way from the centre of the head lies at the same place of both pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from sqlmodel import col, select

from registry import volumes
from registry.errors import InvalidInput, NotFound
from registry.identity import fingerprints
from registry.identity.fingerprints import Alignment
from registry.store import Registry
from registry.tables import Image

SIZE, STEP_MM = 128, 1.5
"""Points along each axis of a picture's cube, and their distance: 192 mm."""

REACH_MM = 72
"""How far from the centre slices are asked for."""

Plane = Literal["axial", "coronal", "sagittal"]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Pair:
    """Two heads on one grid.

    Attributes:
        first: (SIZE, SIZE, SIZE), RAS axes, 0 to 255, 0 outside the field of view; `second` the same.
        alignment: how the second was turned to lie like the first.
    """

    first: Picture
    second: Picture
    alignment: Alignment

    def slices(self, plane: Plane, offset_mm: float) -> tuple[Picture, Picture]:
        """The same slice of both, as it is shown on a screen: front or top up, the person's right on the left.

        Args:
            plane: which way it is cut.
            offset_mm: from the centre of the head, to the top, the front or the right.
        """
        return _slice(self.first, plane, offset_mm), _slice(self.second, plane, offset_mm)


def shared_images(registry: Registry, a: str, b: str) -> dict[str, tuple[str, str]]:
    """Channel to an image of either subject: the first of each by path, raw before derived, of three dimensions."""
    with registry.reading() as session:
        wanted = select(Image.subject_id, Image.channel, Image.path).where(
            col(Image.subject_id).in_((a, b)), Image.n_t == 1
        )
        rows = session.exec(wanted).all()
    first: dict[tuple[str, str], str] = {}
    for subject, channel, path in sorted(rows, key=lambda row: (row[2].startswith("derivatives/"), row[2].encode())):
        first.setdefault((subject, channel), path)
    channels = sorted({channel for subject, channel in first if subject == a} & {c for s, c in first if s == b})
    return {channel: (first[a, channel], first[b, channel]) for channel in channels}


def pair(registry: Registry, first: str, second: str) -> Pair:
    """Two images, the second turned onto the first; a second or two of work.

    Raises:
        NotFound: the content of an image is not on this machine.
        InvalidInput: it cannot be read.
    """
    one, other = _volume(registry, first), _volume(registry, second)
    alignment = fingerprints.align(fingerprints.of_volume(one), fingerprints.of_volume(other))
    return Pair(_cube(one, Alignment(1.0)), _cube(other, alignment), alignment)


def _volume(registry: Registry, path: str) -> volumes.Volume:
    place = registry.root / path
    if not place.is_file():
        raise NotFound(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}")
    volume = volumes.load(place)
    if volume.data.ndim != 3:
        raise InvalidInput(f"{path} has {volume.data.ndim} dimensions, so it is no single picture of a head.")
    return volume


def _cube(volume: volumes.Volume, alignment: Alignment) -> Picture:
    """The image on the grid about its centre, after the motion; dark at its 1st, bright at its 99.5th percentile."""
    from scipy import ndimage

    data = np.nan_to_num(volume.data).astype(np.float32)
    low, high = np.percentile(data, [1, 99.5])
    data = np.clip((data - low) / max(float(high - low), 1e-9), 0, 1)
    affine = volume.affine_ras
    middle_mm = affine[:3, :3] @ fingerprints.centre(data) + affine[:3, 3]
    axis = (np.arange(SIZE) - (SIZE - 1) / 2) * STEP_MM
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij")).reshape(3, -1)
    points_mm = alignment.turn @ grid + alignment.shift_mm[:, None] + middle_mm[:, None]
    voxels = np.linalg.inv(affine[:3, :3]) @ (points_mm - affine[:3, 3:4])
    found = ndimage.map_coordinates(data, voxels, order=1, mode="constant", cval=0.0)
    return (found.reshape(SIZE, SIZE, SIZE) * 255).astype(np.uint8)


def _slice(cube: Picture, plane: Plane, offset_mm: float) -> Picture:
    axis = {"sagittal": 0, "coronal": 1, "axial": 2}[plane]
    place = int(np.clip(round(offset_mm / STEP_MM + (SIZE - 1) / 2), 0, SIZE - 1))
    picture = np.take(cube, place, axis=axis).T[::-1]  # the second axis that is left goes up
    return picture if plane == "sagittal" else picture[:, ::-1]  # the person's right is on the left
