"""The allow-list of sidecar fields with the kind of value that each may hold; other fields are dropped.

Every field that the standard requires, recommends or allows for images comes in (`registry.bids.schema`), as one word
where nothing here says more. These are left out on purpose: addresses, serial numbers, station names, dates, times,
UIDs, free text that operators type (series and protocol descriptions).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from curation.importers.cleaning import values
from curation.importers.cleaning.values import Value, listed
from registry.bids import quantities, schema
from registry.errors import InvalidInput
from registry.files.canonical import readable_json


def words(text: str) -> frozenset[str]:
    """The words of a text, so that long lists of names stay readable."""
    return frozenset(text.split())


def _of(kind: Value, names: str) -> dict[str, Value]:
    """The fields of one kind."""
    return dict.fromkeys(names.split(), kind)


NEVER = words("""DeviceSerialNumber StationName InstitutionAddress InstitutionalDepartmentName
HardcopyDeviceSoftwareVersion""")
"""Fields that BIDS recommends and that lead to persons: one machine on one day, a desk in a department."""


def _standard(name: str) -> Value:
    """The kind that BIDS gives a field: numbers in their range, true or false, one of a few words, or any words."""
    terms = schema.read()
    if name in terms.numbers:
        return _quantity(name)
    if name in terms.flags:
        return values.flag
    return values.one_of(*terms.choices[name]) if name in terms.choices else listed(values.word)


def _quantity(name: str) -> Value:
    """The kind of a number of BIDS: one or a list as the standard says, each within the bounds of its unit."""

    def keep_one(value: Any) -> float | int | None:
        kept = values.number(value)
        return kept if kept is not None and quantities.fits(name, kept) else None

    def keep(value: Any) -> Any:
        shape = "list" if isinstance(value, list) else "one"
        return listed(keep_one)(value) if quantities.may_be(name, shape) else None

    return keep


_STANDARD = {name: _standard(name) for names in schema.read().fields.values() for name in names if name not in NEVER}
_OF_DERIVATIVES = {name: _standard(name) for name in ("SliceThickness", "Manual", "SkullStripped")}

_NUMBERS = _of(
    listed(values.number),
    """SamplingFrequency SpacingBetweenSlices EchoTrainLength PixelBandwidth PercentPhaseFOV PercentSampling
AcquisitionMatrixPE BaseResolution PhaseResolution PhaseEncodingSteps ReconMatrixPE ImageOrientationPatientDICOM SAR
TxRefAmp Revision""",
)
"""Numbers that converters and this project write, and one field that BIDS also allows to be a word."""

_WORDS = _of(
    listed(values.word),
    """Modality ReceiveCoilActiveElements GradientSetType MRTransmitCoilSequence
MatrixCoilMode BodyPart BodyPartExamined PatientPosition PulseSequenceType PulseSequenceDetails ScanningSequence
SequenceVariant ScanOptions SequenceName MTPulseShape SpoilingType WaterSuppressionTechnique B0ShimmingTechnique
B1ShimmingTechnique ParallelAcquisitionTechnique ImageType InPlanePhaseEncodingDirectionDICOM B0FieldIdentifier
B0FieldSource ArterialSpinLabelingType M0Type Type RaterID Protocol Kind Cohort Certainty Visibility""",
)

_OTHERS = {
    **_of(listed(values.phrase), "SoftwareVersions ReceiveCoilName ConversionSoftwareVersion"),
    **_of(
        values.name,
        """Manufacturer ManufacturersModelName InstitutionName CoilCombinationMethod TaskName Units
    ConversionSoftware Algorithm Atlas""",
    ),
    **_of(
        values.sentence,
        "TaskDescription Instructions Description BoxConvention LabelingLocationDescription VisionCorrection",
    ),
    **_of(listed(values.place), "IntendedFor Sources RawSources BasedOn"),
    **_of(listed(values.phrase), "DeidentificationMethod RawDataFilters EstimationSoftwareVer"),
    **_of(values.name, "EstimationAlgorithm EstimationSoftwareName EstimationSoftwareLang EstimationSoftwareEnv"),
    "EstimationReference": values.either(values.address, values.sentence),
    "DeidentificationMethodCodeSequence": values.objects(
        CodeValue=values.word,
        CodeMeaning=values.sentence,
        CodingSchemeDesignator=values.word,
        CodingSchemeVersion=values.phrase,
    ),
    "StimulusPresentation": values.fields(
        OperatingSystem=values.name,
        ScreenDistance=listed(values.word),
        ScreenOrigin=listed(values.word),
        ScreenRefreshRate=values.number,
        ScreenResolution=listed(values.word),
        ScreenSize=listed(values.word),
        SoftwareName=values.name,
        SoftwareRRID=values.word,
        SoftwareVersion=values.phrase,
        Code=values.address,
        HeadStabilization=values.plain,
    ),
    **_of(listed(values.checksum), "SourceSHA256 SHA256 SourcesSHA256"),
    **_of(values.address, "CogAtlasID CogPOID"),
    "PartialFourierDirection": values.one_of("PHASE", "FREQUENCY", "SLICE_SELECT", "COMBINATION"),
    "BodyPartDetails": values.plain,
    **_of(listed(values.plain), "Steps Columns"),
    "AnatomicalLandmarkCoordinates": values.mapped(listed(values.number)),
    "Parameters": values.mapped(listed(values.word)),
    "LabelMap": values.mapped(values.plain),
    "SpatialReference": values.either(values.place, values.address, values.mapped(values.place)),
    **_of(values.either(values.name, values.mapped(values.name)), "Resolution Density"),
}

_GENERATED = values.objects(
    Name=values.name,
    Version=values.phrase,
    Description=values.sentence,
    CodeURL=values.address,
    Container=values.fields(Type=values.word, Tag=values.word, URI=values.either(values.address, values.place)),
    Rater=values.word,
)

IMAGE_FIELDS: Mapping[str, Value] = {
    **_STANDARD,
    **_OF_DERIVATIVES,
    **_NUMBERS,
    **_WORDS,
    **_OTHERS,
    "GeneratedBy": _GENERATED,
}
"""Field to the kind of its value: what the standard says, and on top of it what protects persons."""

MEASURED = frozenset({*schema.read().numbers, *schema.read().flags, *schema.read().choices}) & frozenset(IMAGE_FIELDS)
"""Fields whose values the standard limits: one that is left out is of another kind or out of range, not private."""

_LINK = values.either(values.address, values.relative)

DATASET_FIELDS: Mapping[str, Value] = {
    **_of(values.sentence, "Name License Acknowledgements HowToAcknowledge"),
    **_of(values.phrase, "BIDSVersion"),
    **_of(values.items(values.sentence), "Authors Funding EthicsApprovals ReferencesAndLinks"),
    "HEDVersion": listed(values.word),
    "DatasetLinks": values.mapped(_LINK),
    "DatasetType": _standard("DatasetType"),
    "Keywords": values.items(values.name),
    "DatasetDOI": values.address,
    "GeneratedBy": _GENERATED,
    "SourceDatasets": values.objects(URL=_LINK, DOI=values.address, Version=values.phrase),
}

_COLUMN = values.fields(
    Description=values.sentence,
    LongName=values.name,
    Levels=values.mapped(values.either(values.sentence, values.fields(Description=values.sentence))),
    Units=values.name,
    Delimiter=values.word,
    TermURL=values.address,
    HED=values.either(values.sentence, values.mapped(values.sentence)),
    Maximum=values.number,
    Minimum=values.number,
    Format=values.word,
)


def read(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        InvalidInput: not UTF-8, not JSON (`NaN` and half characters have no JSON form), or not an object.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
        readable_json(value)
    except (ValueError, OSError, RecursionError) as error:
        raise InvalidInput(f"{path.name} is not readable JSON ({error}).", "Correct the file.") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"{path.name} holds a {type(value).__name__}, not one object.", "Correct the file.")
    return value


def keep(
    fields: Mapping[str, Any], allowed: Mapping[str, Value] = IMAGE_FIELDS, columns: Iterable[str] = ()
) -> tuple[dict[str, Any], set[str]]:
    """The allowed fields with the values that may be kept, and the names of the dropped ones.

    Args:
        fields: of one JSON file.
        allowed: field to the kind of its value.
        columns: of the table that the file describes; their descriptions are kept, reduced to BIDS' keys.

    Returns:
        Numbers written as text become numbers. A field of which only a part is kept is named among the dropped ones
        as `Field (part)`; a name that could identify somebody is `another field`.
    """
    kinds = {**{column: _COLUMN for column in columns if column not in allowed and values.is_key(column)}, **allowed}
    kept = values.kept_fields(fields, kinds)
    parts = {f"{key} (part)" for key, value in kept.items() if isinstance(value, dict | list) and value != fields[key]}
    return kept, {_hide_name(key) for key in set(fields) - set(kept)} | parts


def column_meanings(fields: Mapping[str, Any], columns: Iterable[str]) -> dict[str, Any]:
    """The descriptions of these columns in a table's JSON, reduced to BIDS' keys."""
    return values.kept_fields(fields, dict.fromkeys(columns, _COLUMN))


def _hide_name(key: str) -> str:
    return key if values.is_word(key) else "another field"
