"""Codes of findings about DICOM files and series, and the effect that each has on the import."""

from __future__ import annotations

from enum import Enum

from registry.vocabulary.findings import Finding, Severity
from registry.vocabulary.reasons import ReasonCode


class Effect(Enum):
    """The effect of a finding on its series."""

    BLOCK = "block"
    """It is never imported: the files do not hold what an image needs."""
    HOLD = "hold"
    """It stays outside unless a person says otherwise in the plan."""
    ASK = "ask"
    """A person decides in the plan; without a plan nothing is imported."""
    NOTE = "note"
    """It is imported, and the finding is reported."""


class Code(ReasonCode):
    """A finding. The value is the code in reports and plans; the sentence says what it means."""

    NOT_DICOM = "not-dicom", "Not a DICOM file."
    DICOMDIR = "dicomdir", "A directory of other files; it holds no image."
    TRUNCATED = "truncated", "The file ends before its pixel data do."
    NO_PIXEL_DATA = "no-pixel-data", "A header without pixel data."
    INCOMPLETE_HEADER = "incomplete-header", "An element that says where the file belongs is missing."
    NOT_AN_IMAGE = "not-an-image", "A report, a presentation state or another object without an image."
    OTHER_MODALITY = "other-modality", "An image that is not MR: BIDS has no place for it here."
    SECONDARY_CAPTURE = "secondary-capture", "A screen shot or scanned page; such images often hold burned-in names."
    PIXELS_DAMAGED = "pixels-damaged", "Its pixel data cannot be decoded: they are damaged."
    NO_POSITION = "no-position", "An image without its position in the patient."
    NOT_FETCHED = "not-fetched", "A dead link, or a file that cannot be opened."
    NO_FILE = "no-file", "A pipe, a socket, a device or a link to a folder, not a file."
    DUPLICATED_INSTANCE = "duplicated-instance", "A second copy of an instance; the first one is used."

    SEVERAL_PATIENTS = "several-patients", "One folder holds more than one patient."
    PATIENT_CONFLICT = (
        "patient-conflict",
        "One Patient ID comes with names, birth dates, sexes, ages or weights of several.",
    )
    PATIENT_UNKNOWN = "patient-unknown", "No Patient ID, or a placeholder for it: each study counts as a person."
    PATIENT_BY_NAME = (
        "patient-by-name",
        "No Patient ID, or a placeholder for it: studies of one name and birth date count as one person.",
    )
    STUDY_OF_SEVERAL_PATIENTS = "study-of-several-patients", "One study comes under several Patient IDs."
    PATIENT_ALIKE = "patient-alike", "Two Patient IDs differ only by letter case, marks or leading zeros."
    SERIES_OF_SEVERAL_PATIENTS = (
        "series-of-several-patients",
        "One Series Instance UID comes with more than one patient.",
    )
    KNOWN_PERSON = "known-person", "The registry holds other sessions of this person."
    NO_STUDY_DATE = "no-study-date", "Sessions cannot be ordered by date."

    CONFLICTING_INSTANCES = (
        "conflicting-instances",
        "Two files claim to be the same instance and hold different pixels.",
    )
    MISSING_SLICES = "missing-slices", "Slices are missing inside the series."
    IRREGULAR_SPACING = "irregular-spacing", "The distances between slices are not equal."
    SHIFTED_SLICES = "shifted-slices", "Slices do not lie on one line."
    INCOMPLETE_VOLUMES = "incomplete-volumes", "Some volumes of a time series have fewer slices than others."
    FEWER_THAN_ACQUIRED = "fewer-than-acquired", "The header says more images were acquired than are here."
    INSTANCE_GAP = "instance-gap", "Instance numbers leave gaps."
    MIXED_ORIENTATIONS = "mixed-orientations", "The series holds several orientations; each became a stack of its own."
    MIXED_IN_ONE_FILE = (
        "mixed-in-one-file",
        "One multi-frame file holds several orientations, components or echoes, which cannot be parted.",
    )
    TILTED = "tilted-stack", "Each slice is shifted against the one before: the volume is no cuboid."
    RESCALE_CONTRADICTS = "rescale-contradicts", "Files or frames of one image differ in how values are scaled."
    NOT_COMPARABLE = "not-comparable", "Its pixels cannot be decoded here, so nothing can prove its conversion."
    SINGLE_SLICE = "single-slice", "One slice: no volume."
    TIME_SERIES = "time-series", "Each slice position was acquired several times."
    ENHANCED_MULTIFRAME = "enhanced-multiframe", "All frames are in one file."
    DERIVED = "derived", "Image Type says DERIVED: computed from other images."
    PROCESSED = "processed", "The description says it was registered or resampled before delivery."
    BURNED_IN = "burned-in-annotation", "The header says that text is burned into the pixels."

    LEFT_OUT_BY_RULE = (
        "left-out-by-rule",
        "A rule of the recipe leaves such series out: localisers, computed maps, projections.",
    )
    LEFT_OUT_BY_PLAN = "left-out-by-plan", "The plan says no."
    NO_RULE = "no-rule", "No rule gives it a BIDS name."
    UNSURE_NAME = "unsure-name", "The rule that fits is weak, or the sequence parameters speak against it."
    CONTRAST_UNCLEAR = "contrast-unclear", "Header and description disagree about a contrast agent."

    SEVERAL_VOLUMES = "several-volumes", "An anatomical name for a series of several volumes, which BIDS may not allow."

    CONVERSION_FAILED = "conversion-failed", "dcm2niix gave no image."
    CONVERTED_TO_SEVERAL = "converted-to-several", "dcm2niix made several images of one stack."
    NOT_AS_NAMED = "not-as-named", "BIDS does not allow an image of this shape under this name."
    FIELDS_MISSING = "fields-missing", "BIDS requires something of such an image that the headers do not state."
    GEOMETRY_DISAGREES = "geometry-disagrees", "The converted image does not lie where the DICOM headers say."
    VOXELS_DISAGREE = "voxels-disagree", "The converted voxels are not the DICOM pixels."


EFFECTS = {
    Code.SEVERAL_PATIENTS: Effect.ASK,
    Code.PATIENT_CONFLICT: Effect.ASK,
    Code.PATIENT_UNKNOWN: Effect.ASK,
    Code.PATIENT_BY_NAME: Effect.ASK,
    Code.STUDY_OF_SEVERAL_PATIENTS: Effect.ASK,
    Code.PATIENT_ALIKE: Effect.ASK,
    Code.SERIES_OF_SEVERAL_PATIENTS: Effect.BLOCK,
    Code.KNOWN_PERSON: Effect.ASK,
    Code.NO_STUDY_DATE: Effect.NOTE,
    Code.CONFLICTING_INSTANCES: Effect.BLOCK,
    Code.MISSING_SLICES: Effect.BLOCK,
    Code.IRREGULAR_SPACING: Effect.BLOCK,
    Code.SHIFTED_SLICES: Effect.BLOCK,
    Code.INCOMPLETE_VOLUMES: Effect.BLOCK,
    Code.FEWER_THAN_ACQUIRED: Effect.ASK,
    Code.INSTANCE_GAP: Effect.NOTE,
    Code.MIXED_ORIENTATIONS: Effect.NOTE,
    Code.MIXED_IN_ONE_FILE: Effect.BLOCK,
    Code.TILTED: Effect.ASK,
    Code.RESCALE_CONTRADICTS: Effect.ASK,
    Code.NOT_COMPARABLE: Effect.ASK,
    Code.SEVERAL_VOLUMES: Effect.ASK,
    Code.SINGLE_SLICE: Effect.HOLD,
    Code.TIME_SERIES: Effect.NOTE,
    Code.ENHANCED_MULTIFRAME: Effect.NOTE,
    Code.DERIVED: Effect.HOLD,
    Code.PROCESSED: Effect.ASK,
    Code.BURNED_IN: Effect.HOLD,
    Code.LEFT_OUT_BY_RULE: Effect.HOLD,
    Code.NO_RULE: Effect.ASK,
    Code.UNSURE_NAME: Effect.ASK,
    Code.CONTRAST_UNCLEAR: Effect.ASK,
}
"""The effect of each finding about a series. The other codes are about single files or about the conversion."""


def effect(finding: Finding) -> Effect:
    """The effect that a finding has on its series."""
    return EFFECTS[Code(finding.code)]


def about(code: Code, message: str, series: str = "") -> Finding:
    """A finding about a series: an error if it blocks the import, else a warning.

    Args:
        code: with an entry in `EFFECTS`.
        message: one sentence about this series.
        series: the stack's key.
    """
    severity = Severity.ERROR if EFFECTS[code] is Effect.BLOCK else Severity.WARNING
    return Finding(code.value, severity, series, message)
