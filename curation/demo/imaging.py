"""Compute the voxels of images and rater masks on the scanner's own grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage

from curation.demo.anatomy import texture, to_template
from curation.demo.atlas import Atlas
from curation.demo.cohort import PlannedPerson, PlannedSubject, PlannedVisit, rotation
from curation.demo.lesions import Blob, paint, wobble_field
from curation.demo.scanners import Scanner, Sequence, grid
from curation.demo.streams import stream
from registry.files.volumes import Array, Volume

_BLUR = 0.36
"""Gaussian width (standard deviation) in voxel edges: a full width at half maximum of 0.85 voxels."""

_TEXTURE = 0.02
_EDGE = 0.35


@dataclass(frozen=True)
class HeadGrid:
    """An image grid, and the positions of its voxels in the head.

    Attributes:
        shape: (I, J, K).
        affine_ras: 4 x 4, voxel index to scanner RAS millimetres.
        inside: (N,) flat indices of the voxels near the brain.
        scanner_mm: (3, N) scanner millimetres of the voxels `inside`.
        template: (3, N) their template voxel coordinates.
        blur: Gaussian widths (mm) along the template's axes.
    """

    shape: tuple[int, int, int]
    affine_ras: Array
    inside: Array
    scanner_mm: Array
    template: Array
    blur: tuple[float, float, float]


@dataclass(frozen=True)
class Studio:
    """The common head, with a cache of its picture in each sequence."""

    atlas: Atlas
    _pictures: dict[tuple[str, str], Array] = field(default_factory=dict)

    def picture(self, scanner: Scanner, sequence: Sequence) -> Array:
        """Signal of the template (I, J, K) in one sequence, blurred to its voxels."""
        key = (scanner.code, sequence.suffix)
        if key not in self._pictures:
            self._pictures[key] = ndimage.gaussian_filter(
                _compute_signal(self.atlas, sequence), _widths(sequence), truncate=3
            )
        return self._pictures[key]


def _widths(sequence: Sequence) -> tuple[float, float, float]:
    x, y, z = (_BLUR * edge for edge in sequence.spacing_mm)
    return (x, y, z)


def _compute_signal(atlas: Atlas, sequence: Sequence) -> Array:
    contrast = sequence.contrast
    tissue = contrast.white * atlas.white + contrast.grey * atlas.grey + contrast.csf * atlas.csf
    return np.asarray((tissue + atlas.t1) / 2 if sequence.suffix == "T1w" else tissue, dtype=np.float32)


def look(atlas: Atlas, person: PlannedPerson, visit: PlannedVisit, sequence: Sequence) -> HeadGrid:
    """The grid of a sequence in a person's head; FLAIR slices are tilted a little, as technicians do.

    Args:
        atlas: the common head.
        person: gives the anatomy.
        visit: gives the pose.
        sequence: gives field of view and voxel size.
    """
    tilt = rotation(visit.pose.tilt_deg) if sequence.suffix == "FLAIR" else np.eye(3)
    shape, affine = grid(sequence, tilt)
    index = np.indices(shape).reshape(3, -1)
    scanner_mm = affine[:3, :3] @ index + affine[:3, 3:]
    head_mm = rotation(visit.pose.turn_deg).T @ (scanner_mm - np.array(visit.pose.shift_mm)[:, None])
    inside = np.flatnonzero(_near_brain(head_mm))
    points = to_template(person.anatomy, head_mm[:, inside], atlas.centre_mm) - atlas.origin_mm[:, None]
    return HeadGrid(shape, affine, inside, scanner_mm[:, inside], points, _widths(sequence))


def _near_brain(head_mm: Array) -> Array:
    """Whether points (3, N) lie in a rounded box around every brain that the plan can draw; others need no work."""
    squares = [np.square(head_mm[axis] / half) for axis, half in enumerate((84.0, 104.0, 90.0))]
    return np.asarray(sum(np.square(part) for part in squares) < 1)


def sample(field_: Array, view: HeadGrid) -> Array:
    """Values (N,) of a template field at the voxels inside; 0 beyond the template."""
    return np.asarray(ndimage.map_coordinates(field_, view.template, output=np.float64, order=1, mode="constant"))


def lesion_share(atlas: Atlas, wobble: Array, blobs: Iterable[Blob], view: HeadGrid) -> Array:
    """Lesion share (N,) of the voxels inside, 0 to 1, with the image's own blur, so thick slices hide small lesions.

    Args:
        atlas: the common head.
        wobble: (I, J, K) of the person, unit variance.
        blobs: the lesions; none gives zeros.
        view: the image grid.
    """
    painted = paint(atlas, wobble, blobs)
    boxes = ndimage.find_objects((painted > 0).astype(np.uint8))
    if not boxes:
        return np.zeros(view.inside.size)
    box = tuple(slice(max(part.start - 8, 0), part.stop + 8) for part in boxes[0])
    painted[box] = ndimage.gaussian_filter(painted[box], view.blur, truncate=3)
    near = _within(view.template, box)
    share = np.zeros(view.inside.size)
    share[near] = ndimage.map_coordinates(painted, view.template[:, near], output=np.float64, order=1, mode="constant")
    return share


def _within(points: Array, box: tuple[slice, ...]) -> Array:
    """Indices of points (3, N) in a box of voxels or less than one voxel away; the others need no sampling."""
    inside = [(axis > part.start - 1) & (axis < part.stop) for axis, part in zip(points, box, strict=True)]
    return np.flatnonzero(inside[0] & inside[1] & inside[2])


@dataclass(frozen=True)
class Exposure:
    """The seed, subject, visit and sequence of one image."""

    seed: int
    subject: PlannedSubject
    visit: PlannedVisit
    sequence: Sequence


def expose(studio: Studio, shot: Exposure, view: HeadGrid, fields: tuple[Array, Array]) -> Volume:
    """The image, int16, 0 outside the brain (skull-stripped).

    Args:
        studio: pictures of the common head.
        shot: subject, visit and sequence.
        view: its grid.
        fields: the person's texture and wobble (I, J, K).
    """
    fine, wobble = fields
    tissue = sample(studio.picture(shot.visit.scanner, shot.sequence), view)
    signal = tissue * (1 + _TEXTURE * sample(fine, view))
    share = lesion_share(studio.atlas, wobble, _list_blobs(shot), view)
    signal += share * (shot.sequence.contrast.lesion * (1 + 0.03 * sample(fine, view)) - signal)
    brain = tissue > _EDGE * shot.sequence.contrast.csf
    return Volume(_acquire(shot, view, signal, brain), view.affine_ras)


def _list_blobs(shot: Exposure) -> list[Blob]:
    flair = shot.sequence.suffix == "FLAIR"
    point = shot.visit.timepoint
    return [
        Blob(lesion, lesion.volumes_mm3[point], weight=lesion.flair if flair else lesion.t1)
        for lesion in shot.subject.person.lesions
        if lesion.volumes_mm3[point] > 0
    ]


def _acquire(shot: Exposure, view: HeadGrid, signal: Array, brain: Array) -> Array:
    """The stored image: the signal with shading, slice gain, Rician noise, gain and rounding; 0 outside the brain."""
    scanner = shot.visit.scanner
    random = stream(shot.seed, shot.subject.subject_id, shot.visit.session, shot.sequence.suffix)
    shaded = signal * _draw_shading(random, view.scanner_mm, scanner.shading)
    if shot.sequence.suffix == "FLAIR":
        jitter = random.normal(1, scanner.slice_jitter, view.shape[2])
        shaded = shaded * jitter[view.inside % view.shape[2]]
    real, imaginary = random.normal(0, scanner.noise, (2, view.inside.size))
    stored = np.rint(np.sqrt(np.square(shaded + real) + np.square(imaginary)) * scanner.gain)
    image = np.zeros(int(np.prod(view.shape)), dtype=np.int16)
    image[view.inside] = np.where(brain, np.clip(stored, 1, 32767), 0)
    return image.reshape(view.shape)


def _draw_shading(random: np.random.Generator, scanner_mm: Array, size: float) -> Array:
    """A smooth bias field (N,) around 1: a random quadratic in scanner coordinates, as receive coils leave it."""
    x, y, z = scanner_mm / 100.0
    terms = (x, y, z, x * x, y * y, z * z, x * y, y * z, x * z)
    weights = random.uniform(-1, 1, len(terms))
    field_ = sum(weight * term for weight, term in zip(weights, terms, strict=True))
    return np.asarray(np.clip(1 + size * (field_ - np.mean(field_)), 0.4, 1.8))


def person_fields(seed: int, atlas: Atlas, person: PlannedPerson) -> tuple[Array, Array]:
    """Texture and wobble of a person, (I, J, K) each, the same at every visit.

    Args:
        seed: the cohort's seed.
        atlas: gives the shape.
        person: whose fields to draw.
    """
    wobble = wobble_field(stream(seed, person.person_id, "wobble"), atlas.shape)
    return texture(person.anatomy, atlas.shape), wobble


def mask(studio: Studio, blobs: Iterable[Blob], view: HeadGrid, wobble: Array) -> Array:
    """A rater's mask (I, J, K) uint8: 1 in voxels that the drawn lesions fill by half or more, else 0.

    Args:
        studio: gives the atlas.
        blobs: the lesions as the rater drew them; none gives an empty mask.
        view: the image grid.
        wobble: (I, J, K) of the person.
    """
    drawn = np.zeros(int(np.prod(view.shape)), dtype=np.uint8)
    drawn[view.inside] = lesion_share(studio.atlas, wobble, blobs, view) >= 0.5
    return drawn.reshape(view.shape)
