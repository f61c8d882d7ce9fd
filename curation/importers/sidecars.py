"""The allow-list of sidecar fields: what is not on it is dropped, so that nothing unforeseen names a person.

Left out on purpose though BIDS knows them: addresses, serial numbers, station names, dates, times, UIDs, free text
that operators type (series and protocol descriptions).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from registry.canon import readable_json
from registry.errors import InvalidInput


def words(text: str) -> frozenset[str]:
    """The words of a text; long lists of names stay readable this way."""
    return frozenset(text.split())


_HARDWARE = """Modality Manufacturer ManufacturersModelName MagneticFieldStrength InstitutionName SoftwareVersions
ReceiveCoilName ReceiveCoilActiveElements GradientSetType MRTransmitCoilSequence MatrixCoilMode
CoilCombinationMethod NumberReceiveCoilActiveElements BodyPart BodyPartExamined BodyPartDetails PatientPosition"""

_SEQUENCE = """PulseSequenceType ScanningSequence SequenceVariant ScanOptions SequenceName PulseSequenceDetails
NonlinearGradientCorrection MRAcquisitionType MTState MTOffsetFrequency MTPulseBandwidth MTNumberOfPulses
MTPulseShape MTPulseDuration SpoilingState SpoilingType SpoilingRFPhaseIncrement SpoilingGradientMoment
SpoilingGradientDuration WaterSuppression WaterSuppressionTechnique B0ShimmingTechnique B1ShimmingTechnique
NumberShots ParallelReductionFactorInPlane ParallelReductionFactorOutOfPlane ParallelAcquisitionTechnique
PartialFourier PartialFourierDirection EffectiveEchoSpacing MixingTime PhaseEncodingDirection TotalReadoutTime
EchoTime EchoTime1 EchoTime2 InversionTime DwellTime SliceTiming SliceEncodingDirection SliceThickness
SpacingBetweenSlices FlipAngle RepetitionTime RepetitionTimeExcitation RepetitionTimePreparation
EchoTrainLength PixelBandwidth PercentPhaseFOV PercentSampling AcquisitionMatrixPE BaseResolution PhaseResolution
PhaseEncodingSteps ReconMatrixPE ImageType ImageOrientationPatientDICOM InPlanePhaseEncodingDirectionDICOM
AcquisitionDuration MultibandAccelerationFactor NegativeContrast AnatomicalLandmarkCoordinates SAR TxRefAmp
NumberOfVolumesDiscardedByScanner NumberOfVolumesDiscardedByUser DelayTime DelayAfterTrigger AcquisitionVoxelSize
ContrastBolusIngredient VolumeTiming Units IntendedFor B0FieldIdentifier B0FieldSource TaskName TaskDescription
Instructions CogAtlasID CogPOID ArterialSpinLabelingType PostLabelingDelay BackgroundSuppression M0Type
LabelingDuration Columns SamplingFrequency StartTime ConversionSoftware ConversionSoftwareVersion"""

_DERIVATIVE = """Description Type Manual Sources SpatialReference GeneratedBy RaterID Protocol Revision BasedOn
SourceSHA256 SHA256 SourcesSHA256 Algorithm Parameters Atlas Resolution Density LabelMap SkullStripped
BoxConvention Visibility Steps Certainty Cohort Kind"""

IMAGE_FIELDS = words(f"{_HARDWARE} {_SEQUENCE} {_DERIVATIVE}")

DATASET_FIELDS = words("""Name BIDSVersion HEDVersion DatasetLinks DatasetType License Authors Keywords
Acknowledgements HowToAcknowledge Funding EthicsApprovals ReferencesAndLinks DatasetDOI GeneratedBy
SourceDatasets""")

_NUMBERS = words("""MagneticFieldStrength AcquisitionDuration EchoTime EchoTime1 EchoTime2 InversionTime
RepetitionTime RepetitionTimeExcitation RepetitionTimePreparation FlipAngle SliceThickness SpacingBetweenSlices
PixelBandwidth EchoTrainLength PartialFourier DwellTime EffectiveEchoSpacing TotalReadoutTime""")

_COLUMN_KEYS = words("Description LongName Levels Units Delimiter TermURL HED Maximum Minimum Format")

_PROVENANCE = words("Name Version Description CodeURL Container Rater")


def read(path: Path) -> dict[str, Any]:
    """One JSON object.

    Raises:
        InvalidInput: not UTF-8, not JSON (`NaN` and half characters have no JSON form), or not an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
        readable_json(value)
    except (ValueError, OSError, RecursionError) as error:
        raise InvalidInput(f"{path.name} is not readable JSON ({error}).", "Mend the file.") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{path.name} holds a {type(value).__name__}, not one object.", "Mend the file.")
    return value


def keep(fields: Mapping[str, Any], allowed: Iterable[str] = IMAGE_FIELDS) -> tuple[dict[str, Any], set[str]]:
    """The allowed fields, and the names of those dropped.

    A field whose value describes a table column (`Description`, `Levels`, ... and nothing else) is kept under any
    name. Dates in `GeneratedBy` are dropped; numbers written as text become numbers.
    """
    allowed = frozenset(allowed)
    kept = {key: _number(key, value) for key, value in fields.items() if key in allowed or _is_column(value)}
    if isinstance(kept.get("GeneratedBy"), list):
        kept["GeneratedBy"] = [_provenance(item) for item in kept["GeneratedBy"]]
    return kept, set(fields) - set(kept)


def _number(key: str, value: Any) -> Any:
    try:
        return float(value) if key in _NUMBERS and isinstance(value, str) else value
    except ValueError:
        return value


def column_meanings(fields: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """What a table's JSON says of these columns, reduced to the keys BIDS has for it."""
    found = {key: fields[key] for key in columns if isinstance(fields.get(key), dict)}
    kept = {key: {k: v for k, v in value.items() if k in _COLUMN_KEYS} for key, value in found.items()}
    return {key: value for key, value in kept.items() if value}


def _is_column(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and set(value) <= _COLUMN_KEYS


def _provenance(item: Any) -> Any:
    return {key: value for key, value in item.items() if key in _PROVENANCE} if isinstance(item, dict) else item
