"""The plan of the cohort: persons, visits, scanners, lesions and readings. No voxel is computed here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from curation.demo.anatomy import Anatomy
from curation.demo.lesions import DrawnLesion, draw_incidental, draw_lesions
from curation.demo.raters import RATERS, SimulatedReading, draw_reading
from curation.demo.scanners import SCANNERS, Scanner
from curation.demo.streams import stream
from registry.errors import UsageError

DEFAULT_SEED = 2026
DEFAULT_PERSONS = 14

_RESCANNED = 0
"""Index of the person who is scanned again as a second subject at the next centre."""

_MOVED = 4
"""Index of the person whose second visit is at another centre: site and scanner belong to the session."""


@dataclass(frozen=True)
class PlannedPerson:
    """One human being. `group` is the class used for training, `status` the radiological one."""

    person_id: str
    age: int
    sex: str
    group: str
    diagnosis: str
    status: str
    anatomy: Anatomy
    lesions: tuple[DrawnLesion, ...]


@dataclass(frozen=True)
class Pose:
    """Position of the head in the scanner, about or along the axes right, anterior, superior.

    Attributes:
        turn_deg, shift_mm: rotation and translation of the head.
        tilt_deg: rotation of the slices.
    """

    turn_deg: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    tilt_deg: tuple[float, float, float]


@dataclass(frozen=True)
class PlannedVisit:
    """One BIDS session.

    Attributes:
        session: label without `ses-`.
        days_from_baseline: days since the person's first visit.
        timepoint: index of the lesion volumes that apply, 0 or 1.
        readings: one for each rater.
    """

    session: str
    days_from_baseline: int
    scanner: Scanner
    pose: Pose
    timepoint: int
    readings: tuple[SimulatedReading, ...]


@dataclass(frozen=True)
class PlannedSubject:
    """One BIDS subject: label without `sub-`, its person and its visits in order."""

    subject_id: str
    person: PlannedPerson
    visits: tuple[PlannedVisit, ...]


@dataclass(frozen=True)
class Cohort:
    """All subjects as drawn. A person may be present as several subjects."""

    seed: int
    subjects: tuple[PlannedSubject, ...]

    @property
    def persons(self) -> tuple[PlannedPerson, ...]:
        """Persons in order of their first subject."""
        return tuple({subject.person.person_id: subject.person for subject in self.subjects}.values())


def plan(seed: int = DEFAULT_SEED, persons: int = DEFAULT_PERSONS) -> Cohort:
    """The cohort, drawn from the seed. More persons do not change the earlier ones.

    Raises:
        UsageError: fewer than one person, more than 99, or a negative seed.
    """
    if not 1 <= persons <= 99:
        raise UsageError(f"A demo cohort cannot have {persons} persons.", "Choose 1 to 99.")
    if seed < 0:
        raise UsageError(f"{seed} is not a seed.", "Choose 0 or a positive whole number.")
    people = [_draw_person(seed, index) for index in range(persons)]
    subjects = [_draw_subject(seed, person, index, 0) for index, person in enumerate(people)]
    return Cohort(seed, (*subjects, _draw_subject(seed, people[_RESCANNED], _RESCANNED, 1)))


def _draw_person(seed: int, index: int) -> PlannedPerson:
    person_id = f"P{index + 1:03d}"
    random = stream(seed, person_id, "person")
    healthy, incidental = index % 4 == 1, index % 8 == 5
    age, sex = int(random.integers(24, 62)), str(random.choice(["F", "F", "M"]))
    count = int(np.clip(20 * random.lognormal(0, 0.5), 8, 48))
    draws = stream(seed, person_id, "lesions")
    if healthy:
        lesions = draw_incidental(draws, 3) if incidental else ()
        status = "incidental_lesions" if incidental else "normal"
        return PlannedPerson(person_id, age, sex, "HC", "healthy", status, _draw_anatomy(seed, person_id, 0.0), lesions)
    atrophy = min(0.008 * count, 0.2)
    diagnosis = str(random.choice(["RRMS", "RRMS", "RRMS", "SPMS"]))
    lesions = draw_lesions(draws, count, float(random.uniform(90, 240)))
    return PlannedPerson(
        person_id, age, sex, "MS", diagnosis, "pathological", _draw_anatomy(seed, person_id, atrophy), lesions
    )


def _draw_anatomy(seed: int, person_id: str, atrophy: float) -> Anatomy:
    random = stream(seed, person_id, "anatomy")
    whole = float(random.normal(1, 0.02))
    x, y, z = (float(np.clip(whole * random.normal(1, 0.015), 0.94, 1.05)) for _ in range(3))
    return Anatomy(
        seed, person_id, (x, y, z), float(random.uniform(1.8, 2.8)), float(random.uniform(-0.04, 0.1)) + atrophy
    )


def _draw_subject(seed: int, person: PlannedPerson, index: int, again: int) -> PlannedSubject:
    home = (index + again) % len(SCANNERS)
    subject_id = f"{SCANNERS[home].site[-1]}{index + 1 + 100 * again:03d}"
    random = stream(seed, subject_id, "visits")
    first = int(random.integers(10, 30)) if again else 0
    days = (first, first + 365 + int(random.integers(-35, 60)))
    centres = (home, 0 if index == _MOVED else home)
    visits = tuple(_draw_visit(seed, subject_id, person, point, (days[point], centres[point])) for point in (0, 1))
    return PlannedSubject(subject_id, person, visits)


def _draw_visit(
    seed: int, subject_id: str, person: PlannedPerson, timepoint: int, when_where: tuple[int, int]
) -> PlannedVisit:
    session = ("M00", "M12")[timepoint]
    present = [
        (number, lesion, lesion.volumes_mm3[timepoint])
        for number, lesion in enumerate(person.lesions)
        if lesion.volumes_mm3[timepoint] > 0
    ]
    readings = tuple(draw_reading(seed, (subject_id, session), rater, present) for rater in RATERS)
    days, centre = when_where
    pose = _draw_pose(stream(seed, subject_id, session, "pose"))
    return PlannedVisit(session, days, SCANNERS[centre], pose, timepoint, readings)


def _draw_pose(random: np.random.Generator) -> Pose:
    def triple(spread: float) -> tuple[float, float, float]:
        x, y, z = np.clip(random.normal(0, spread, 3), -2 * spread, 2 * spread)
        return (float(x), float(y), float(z))

    return Pose(triple(2.0), triple(2.0), triple(1.5))


def rotation(turn_deg: tuple[float, float, float]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """3 x 3 rotation matrix: first about the right axis, then anterior, then superior."""
    (cx, sx), (cy, sy), (cz, sz) = ((math.cos(math.radians(a)), math.sin(math.radians(a))) for a in turn_deg)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, dtype=np.float64)
