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

from curation.persons import fingerprints
from curation.persons.fingerprints import Alignment
from registry.errors import InvalidInput, NotFound
from registry.files import volumes
from registry.store import Registry
from registry.tables import Image

SIZE, STEP_MM = 240, 0.9
"""Points along each edge of a picture, and their distance: 216 mm."""

REACH_MM = 72
"""How far from the centre slices are asked for."""

Plane = Literal["axial", "coronal", "sagittal"]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Head:
    """One image.

    Attributes:
        data: (I, J, K), 0 to 255.
        affine_ras: voxel index to RAS millimetres.
        middle_mm: (3), the centre of what is bright.
        alignment: how it was turned to lie like the other head of its pair.
    """

    data: Picture
    affine_ras: volumes.Array
    middle_mm: volumes.Array
    alignment: Alignment

    def slice(self, plane: Plane, offset_mm: float) -> Picture:
        """A slice as it is shown on a screen: front or top up, the person's right on the left. (SIZE, SIZE).

        Args:
            plane: which way it is cut; in sagittal slices the face looks right.
            offset_mm: from the centre of the head, to the top, the front or the right. Outside the image is black.
        """
        from scipy import ndimage

        points_mm = self.alignment.turn @ _points(plane, offset_mm) + self.alignment.shift_mm[:, None]
        in_scanner = points_mm + (self.middle_mm - self.affine_ras[:3, 3])[:, None]
        voxels = np.linalg.inv(self.affine_ras[:3, :3]) @ in_scanner
        found: Picture = ndimage.map_coordinates(self.data, voxels, order=1, mode="constant", cval=0)
        return found.reshape(SIZE, SIZE)


@dataclass(frozen=True)
class Pair:
    """Two heads, the second turned like the first."""

    first: Head
    second: Head

    @property
    def score(self) -> float:
        """How alike they are after that, at most 1."""
        return self.second.alignment.score


def shared_images(registry: Registry, a: str, b: str) -> dict[str, tuple[str, str]]:
    """Channel to an image of either subject: the first of each by path, raw before derived, of three dimensions."""
    with registry.reading() as database:
        wanted = select(Image.subject_id, Image.channel, Image.path).where(
            col(Image.subject_id).in_((a, b)), Image.n_t == 1
        )
        rows = database.exec(wanted).all()
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
    return Pair(_head(one, Alignment(1.0)), _head(other, alignment))


def _volume(registry: Registry, path: str) -> volumes.Volume:
    place = registry.root / path
    if not place.is_file():
        raise NotFound(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}")
    volume = volumes.load(place)
    if volume.data.ndim != 3:
        raise InvalidInput(f"{path} has {volume.data.ndim} dimensions, so it is no single picture of a head.")
    return volume


def _head(volume: volumes.Volume, alignment: Alignment) -> Head:
    """Dark at the image's 1st percentile, bright at its 99.5th."""
    data = np.nan_to_num(volume.data).astype(np.float32)
    low, high = np.percentile(data, [1, 99.5])
    data = np.clip((data - low) / max(float(high - low), 1e-9), 0, 1)
    affine = volume.affine_ras
    middle_mm = affine[:3, :3] @ fingerprints.centre(data) + affine[:3, 3]
    return Head((data * 255).astype(np.uint8), affine, middle_mm, alignment)


def _points(plane: Plane, offset_mm: float) -> volumes.Array:
    """(3, SIZE * SIZE): RAS millimetres from the centre of each point of a picture, row by row from the top left."""
    edge = (np.arange(SIZE) - (SIZE - 1) / 2) * STEP_MM
    down, across = (axis.ravel() for axis in np.meshgrid(-edge, edge, indexing="ij"))
    level = np.full(SIZE * SIZE, offset_mm)
    axes = {
        "axial": (-across, down, level),
        "coronal": (-across, level, down),
        "sagittal": (level, across, down),
    }
    return np.stack(axes[plane])
