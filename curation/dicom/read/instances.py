"""The header of one DICOM instance as plain values.

Frame of reference: positions and directions are DICOM's own, LPS millimetres. Patient, UIDs and dates live in memory
only: no field of these is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from curation.dicom.read.identities import is_placeholder

Triple = tuple[float, float, float]
Cosines = tuple[float, float, float, float, float, float]


class Storage(Enum):
    """How frames lie in a file."""

    SINGLE = "one frame"
    MOSAIC = "a Siemens mosaic: the slices of one volume as tiles of one frame"
    MULTIFRAME = "enhanced multi-frame"


@dataclass(frozen=True)
class Patient:
    """The person in the header; never shown and never written.

    Two instances belong to one person when their `key` is equal.
    """

    patient_id: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    birth_date: str = field(default="", repr=False)
    sex: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        """Patient ID with its issuer, else name and birth date; empty if the header has neither.

        A word that stands for a removed identity ("ANON") is none, and a name without a birth date is many people's.
        """
        if not is_placeholder(self.patient_id):
            return f"id:{self.issuer}:{self.patient_id}"
        known = self.birth_date and not is_placeholder(self.name)
        return f"name:{self.name}:{self.birth_date}" if known else ""

    @property
    def is_by_name(self) -> bool:
        """Whether the key is name and birth date for want of a Patient ID: two people can share both."""
        return self.key.startswith("name:")


@dataclass(frozen=True)
class Frame:
    """One slice of one volume.

    Attributes:
        index: of the frame in its file, or of the tile in a mosaic.
        position: Image Position (Patient), centre of the first pixel, mm.
        cosines: Image Orientation (Patient): direction of a row, then of a column.
        spacing_mm: distance between rows, then between columns.
        temporal: order in time among frames of one position.
        digits: most decimals, and most significant digits, in which the header writes the position; (0, 0) if none.
        kind: what frames of one enhanced file that belong to one image share: component (magnitude, phase), echo time.
        rescale: slope and intercept of this frame alone; None where those of the instance hold.
    """

    index: int
    position: Triple
    cosines: Cosines
    spacing_mm: tuple[float, float]
    temporal: int = 0
    digits: tuple[int, int] = (0, 0)
    kind: tuple[str, float] = ("", 0.0)
    rescale: tuple[float, float] | None = None


@dataclass(frozen=True)
class Protocol:
    """How a series was acquired; the naming rules read it.

    Attributes:
        numbers: `echo_time_ms`, `repetition_time_ms`, `inversion_time_ms`, `flip_angle_deg`; only what is stated.
        agent: Contrast/Bolus Agent, empty where none is stated.
        scanning: Scanning Sequence: `SE`, `GR`, `IR`, `EP`.
    """

    description: str = ""
    protocol: str = ""
    sequence: str = ""
    image_type: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    agent: str = ""
    scanning: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """`phase`, `real`, `imag`, or `mag` as BIDS writes them."""
        words = {word.upper() for word in self.image_type[2:]}
        found = {"P": "phase", "PHASE": "phase", "R": "real", "REAL": "real", "I": "imag", "IMAGINARY": "imag"}
        return next((found[word] for word in sorted(words) if word in found), "mag")


@dataclass(frozen=True)
class Origin:
    """Place and time of a study; dates are used in memory only, to order sessions.

    Attributes:
        age: Patient's Age in years, with fractions for months, weeks and days; None where it is not stated.
        weight_kg: Patient's Weight; 0 where it is not stated.
    """

    study_date: str = field(default="", repr=False)
    acquired: str = field(default="", repr=False)
    institution: str = ""
    age: float | None = None
    weight_kg: float = 0.0

    @property
    def age_years(self) -> int | None:
        """Whole years; None below one year and where no age is stated."""
        return int(self.age or 0) or None


@dataclass(frozen=True)
class Instance:
    """One file that holds MR pixels, with its frames.

    Attributes:
        path: relative to the delivery, POSIX.
        size: rows, columns of one frame (of one tile in a mosaic).
        rescale: slope and intercept of stored values, and the factor of Philips' precise values where stated.
        rescale_stated: whether the header states a slope, and whether it states an intercept.
        decodable: whether something installed here decodes its pixels.
        stated: number of images in the acquisition by the header; 0 if it is not stated.
    """

    path: str
    sop_class: str
    sop_instance: str = field(repr=False)
    series: str = field(repr=False)
    study: str = field(repr=False)
    patient: Patient
    origin: Origin
    protocol: Protocol
    frames: tuple[Frame, ...]
    size: tuple[int, int]
    storage: Storage = Storage.SINGLE
    series_number: int = 0
    instance_number: int = 0
    acquisition_number: int = 0
    rescale: tuple[float, float, float] = (1.0, 0.0, 0.0)
    rescale_stated: tuple[bool, bool] = (False, False)
    decodable: bool = True
    stated: int = 0
    burned_in: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        """Key that orders the instances of one slice position in time."""
        return (self.frames[0].temporal, self.acquisition_number, self.instance_number)
