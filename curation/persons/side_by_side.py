"""Two heads for a person to compare: the same slice of both about the centre, the second turned like the first.

Fingerprints decide what is proposed; here a person sees the images themselves. Fields of view and positions in the
scanner do not matter: a point at one offset from the centre of the head lies at the same place of both pictures.
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
"""The greatest distance of a slice from the centre."""

Plane = Literal["axial", "coronal", "sagittal"]
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Head:
    """One image of a head, ready to be sliced.

    Attributes:
        data: (I, J, K), 0 to 255.
        affine_ras: voxel index to RAS millimetres.
        middle_mm: (3), RAS millimetres of the centre of the largest bright part.
        alignment: the motion that makes it lie like the other head of its pair.
    """

    data: Picture
    affine_ras: volumes.Array
    middle_mm: volumes.Array
    alignment: Alignment

    def slice(self, plane: Plane, offset_mm: float) -> Picture:
        """A slice (SIZE, SIZE) as a screen shows it: front or top up, the person's right on the left, black outside.

        Args:
            plane: the plane of the slice; in sagittal slices the face looks right.
            offset_mm: distance from the centre of the head to the top, the front or the right.
        """
        from scipy import ndimage

        points_mm = self.alignment.turn @ _points(plane, offset_mm) + self.alignment.shift_mm[:, None]
        in_scanner = points_mm + (self.middle_mm - self.affine_ras[:3, 3])[:, None]
        voxels = np.linalg.inv(self.affine_ras[:3, :3]) @ in_scanner
        found: Picture = ndimage.map_coordinates(self.data, voxels, order=1, mode="constant", cval=0)
        return found.reshape(SIZE, SIZE)


@dataclass(frozen=True)
class HeadPair:
    """Two heads, the second turned like the first."""

    first: Head
    second: Head

    @property
    def score(self) -> float:
        """The correlation of both after the second was turned, at most 1."""
        return self.second.alignment.score


def shared_images(registry: Registry, a: str, b: str) -> dict[str, tuple[str, str]]:
    """Shared channel to an image of each subject: the first three-dimensional one, raw before derived, then by path.

    Args:
        registry: the registry.
        a: the first subject, `sub-A000`.
        b: the second subject.
    """
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


def pair(registry: Registry, first: str, second: str) -> HeadPair:
    """Two heads, the second turned onto the first; this takes a second or two.

    Args:
        registry: the registry.
        first: path of the first image.
        second: path of the second image, which is turned.

    Raises:
        NotFound: the content of an image is not on this machine.
        InvalidInput: an image cannot be read, or is not three-dimensional.
    """
    one, other = _load(registry, first), _load(registry, second)
    alignment = fingerprints.align(fingerprints.of_volume(one), fingerprints.of_volume(other))
    return HeadPair(_prepare(one, Alignment(1.0)), _prepare(other, alignment))


def _load(registry: Registry, path: str) -> volumes.Volume:
    file = registry.root / path
    if not file.is_file():
        raise NotFound(f"The content of {path} is not on this machine.", f"Fetch it: datalad get {path}")
    volume = volumes.load(file)
    if volume.data.ndim != 3:
        raise InvalidInput(f"{path} has {volume.data.ndim} dimensions, so it is no single picture of a head.")
    return volume


def _prepare(volume: volumes.Volume, alignment: Alignment) -> Head:
    """The head of a volume, with grey values from 0 at its 1st percentile to 255 at its 99.5th."""
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
