"""Four simulated raters: the lesions that each notices or invents, and the width of their contours."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curation.demo.lesions import Blob, DrawnLesion, LesionChange
from curation.demo.streams import stream


@dataclass(frozen=True)
class SimulatedRater:
    """Habits of one rater.

    Attributes:
        code: rater code, `e01`; also the `desc` label.
        role: profession.
        notices_mm3: volume that the rater notices in half of the cases.
        invents: expected number of false findings per image of a person with lesions.
        contour_mm: mean offset of the contour, positive is outward.
        jitter_mm: spread of that offset from lesion to lesion.
        habit: one sentence for `descriptions.tsv`.
    """

    code: str
    role: str
    notices_mm3: float
    invents: float
    contour_mm: float
    jitter_mm: float
    habit: str


RATERS = (
    SimulatedRater("e01", "neuroradiologist", 12, 0.3, 0.0, 0.10, "finds nearly every lesion, neutral contour"),
    SimulatedRater("e02", "neurologist", 28, 0.7, 0.40, 0.15, "misses a few small lesions, draws wide"),
    SimulatedRater("e03", "neuroradiologist", 50, 0.2, -0.35, 0.15, "marks only clear lesions, draws tight"),
    SimulatedRater("e04", "trainee", 95, 1.8, 0.10, 0.30, "misses small lesions, marks bright rims"),
)
"""Ordered from the most to the least sensitive."""


@dataclass(frozen=True)
class SimulatedReading:
    """One rater's drawing on one image: blobs in the order of the person's lesions, then false findings."""

    rater: SimulatedRater
    blobs: tuple[Blob, ...]


def draw_reading(
    seed: int, image: tuple[str, str], rater: SimulatedRater, lesions: list[tuple[int, DrawnLesion, float]]
) -> SimulatedReading:
    """The reading of one image by one rater.

    A lesion is noticed when its log volume, its conspicuity (shared by all raters) and the rater's own luck exceed the
    rater's threshold, so raters agree more than chance and their order of sensitivity holds.

    Args:
        seed: the cohort's seed.
        image: subject and session; they name the random stream of this reading.
        rater: gives the habits.
        lesions: (number, lesion, volume in mm3 at this visit) of the lesions present; empty gives an empty reading.
    """
    random = stream(seed, *image, rater.code)
    luck = random.normal(0, 0.2, 512)
    jitter = random.normal(0, rater.jitter_mm, 512)
    noticed = []
    for number, lesion, volume in lesions:
        score = math.log(volume) + 0.35 * lesion.conspicuity + float(luck[number])
        if score > math.log(rater.notices_mm3):
            noticed.append(Blob(lesion, volume, _limit_offset(volume, rater.contour_mm + float(jitter[number]))))
    invented = _invent(random, rater) if lesions else ()
    return SimulatedReading(rater, (*noticed, *invented))


def _limit_offset(volume_mm3: float, offset_mm: float) -> float:
    """The offset, limited so that a tight contour removes at most 30 % of a small lesion's radius."""
    radius_mm = math.cbrt(3 * volume_mm3 / (4 * math.pi))
    return max(offset_mm, -0.3 * radius_mm)


def _invent(random: np.random.Generator, rater: SimulatedRater) -> tuple[Blob, ...]:
    blobs = []
    for _ in range(int(random.poisson(rater.invents))):
        zone = "periventricular" if random.random() < 0.7 else "juxtacortical"
        volume = float(random.uniform(20, 90))
        lesion = DrawnLesion(zone, float(random.random()), (volume, volume), 1.2, 0, 0, 0, LesionChange.STABLE)
        blobs.append(Blob(lesion, volume))
    return tuple(blobs)
