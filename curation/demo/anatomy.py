"""One person's head: the common head, scaled, bent smoothly, with wider or narrower ventricles.

Points are mapped from the person's head to the template: `template = centre + head / scale + bend(head)`, all in RAS
millimetres, the head's origin at the middle of the brain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from curation.demo.streams import stream
from registry.files.volumes import Array

_NODE_MM = 8.0
_NODES = (30, 34, 30)
_SMOOTH_NODES = 2.4
_VENTRICLE_CENTRE_MM = (0.0, 8.0, 12.0)
_VENTRICLE_REACH_MM = 45.0


@dataclass(frozen=True)
class Anatomy:
    """How a person's head differs from the common one.

    Attributes:
        seed: the cohort's seed.
        person_id: names the random streams of the fields.
        scale: size along right, anterior, superior; 1 is the template.
        bend_mm: root mean square of the smooth displacement.
        ventricles: widening of the space around the ventricles, 0 none, 0.3 clearly wider.
    """

    seed: int
    person_id: str
    scale: tuple[float, float, float]
    bend_mm: float
    ventricles: float

    def fields(self) -> tuple[Array, ...]:
        """Three displacement components (30, 34, 30) in mm at nodes 8 mm apart, centred on the head's origin."""
        noise = stream(self.seed, self.person_id, "bend").standard_normal((3, *_NODES))
        smooth = [ndimage.gaussian_filter(part, _SMOOTH_NODES, mode="wrap") for part in noise]
        return tuple(part / part.std() * self.bend_mm for part in smooth)


def to_template(anatomy: Anatomy, head_mm: Array, centre_mm: Array) -> Array:
    """Template RAS millimetres (3, N) of points in a head.

    Args:
        anatomy: of the person.
        head_mm: (3, N) RAS millimetres from the head's origin.
        centre_mm: (3,) template RAS millimetres of the head's origin.
    """
    nodes = head_mm / _NODE_MM + (np.array(_NODES)[:, None] - 1) / 2
    bend = [ndimage.map_coordinates(part, nodes, order=1, mode="nearest") for part in anatomy.fields()]
    pull = _ventricle_pull(head_mm) * anatomy.ventricles
    points = [
        centre_mm[axis]
        + head_mm[axis] / anatomy.scale[axis]
        + bend[axis]
        - pull * (head_mm[axis] - _VENTRICLE_CENTRE_MM[axis])
        for axis in range(3)
    ]
    return np.stack(points)


def _ventricle_pull(head_mm: Array) -> Array:
    """1 at the ventricles, falling smoothly to 0 at 45 mm."""
    square = sum((head_mm[axis] - _VENTRICLE_CENTRE_MM[axis]) ** 2 for axis in range(3))
    return np.asarray(np.square(np.clip(1 - square / _VENTRICLE_REACH_MM**2, 0, 1)))


def texture(anatomy: Anatomy, shape: tuple[int, int, int]) -> Array:
    """Smooth noise (I, J, K) of unit variance on the template grid: the fine structure that an average head lacks."""
    noise = stream(anatomy.seed, anatomy.person_id, "texture").standard_normal(shape, dtype=np.float32)
    field = ndimage.gaussian_filter(noise, 1.6, truncate=3)
    return np.asarray(field / field.std())
