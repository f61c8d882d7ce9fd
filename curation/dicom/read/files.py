"""The one owner of pydicom: it reads headers without pixels, and pixels for the comparison after a conversion."""

from __future__ import annotations

import logging
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from curation.dicom.codes import Code
from curation.dicom.read.elements import first, number, private, text, whole, words
from curation.dicom.read.frames import mosaic_side, read_frames
from curation.dicom.read.instances import Instance, Origin, Patient, Protocol
from registry.errors import InvalidInput
from registry.files.volumes import Array

_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_DIRECTORY = "1.2.840.10008.1.3.10"
_UNDEFINED = 0xFFFFFFFF
_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")
_PHILIPS_SLOPE = (0x2005, 0x100E)
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
"""Years in each unit of Patient's Age."""
_NUMBERS = {
    "echo_time_ms": "EchoTime",
    "repetition_time_ms": "RepetitionTime",
    "inversion_time_ms": "InversionTime",
    "flip_angle_deg": "FlipAngle",
}


class Unusable(Exception):
    """A file or stack that cannot become an image: `code` and the sentence `detail` say why."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


def read_header(source: Path, path: str) -> Instance:
    """The instance in one file; no pixel data are decoded.

    Args:
        source: the delivery's folder.
        path: of the file, relative to the source.

    Raises:
        Unusable: no file, not DICOM, no MR image, cut short, or without a place in the patient.
    """
    if Path(path).name.upper() == "DICOMDIR":
        raise Unusable(Code.DICOMDIR, "It lists other files, which are read themselves.")
    try:
        if not stat.S_ISREG((source / path).stat().st_mode):  # opening a pipe waits for ever
            raise Unusable(Code.NO_FILE, "It is a pipe, a socket, a device or a link to a folder, not a file.")
        with (source / path).open("rb") as stream, _quiet():
            dataset = _open(stream)
            _require_image(dataset)
            _require_pixels(dataset, stream)
            return _build_instance(path, dataset)
    except OSError as error:
        raise Unusable(Code.NOT_FETCHED, f"It cannot be opened ({error.strerror}).") from error


def read_pixels(file: Path) -> tuple[Array, int]:
    """Stored values, (frames, rows, columns), and the number of mosaic tiles in a row.

    Raises:
        Unusable: the pixels are damaged.
        InvalidInput: they are compressed in a way that nothing installed here reads.
    """
    import pydicom

    with _quiet():
        try:
            dataset = pydicom.dcmread(file, force=True)
            if not text(dataset.file_meta, "TransferSyntaxUID"):  # a file without a head states none; its bytes do
                dataset.file_meta.TransferSyntaxUID = _guess_syntax(dataset)
            decodable = _is_decodable(dataset)
            array = np.asarray(dataset.pixel_array) if decodable else None
        except Exception as error:  # pydicom has one kind of error per codec
            raise Unusable(Code.PIXELS_DAMAGED, "Its pixel data are damaged.") from error
        if array is None:
            raise InvalidInput("The pixel data cannot be decoded here.", "Install a decoder for its transfer syntax.")
        return array.reshape(-1, *array.shape[-2:]), mosaic_side(dataset)


def _guess_syntax(dataset: Any) -> Any:
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    return ExplicitVRLittleEndian if dataset.original_encoding[0] is False else ImplicitVRLittleEndian


def _is_decodable(dataset: Any) -> bool:
    """Whether the pixels are not compressed, or a decoder for them is installed."""
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    syntax = UID(text(dataset.file_meta, "TransferSyntaxUID") or "1.2.840.10008.1.2")
    if not syntax.is_transfer_syntax or syntax.is_private:
        return False
    if not syntax.is_compressed or syntax.is_deflated:
        return True
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence pydicom: headers often break the standard, and its warnings would put names and UIDs into logs.

    The settings are for the whole process: values are only read here, never checked.
    """
    from pydicom import config

    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(stream: BinaryIO) -> Any:
    import pydicom
    from pydicom.errors import InvalidDicomError

    start = stream.read(132)
    headless = start[:4] in (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00", b"\x08\x00\x16\x00")
    if start[128:132] != b"DICM" and not headless:
        raise Unusable(Code.NOT_DICOM, "It is not a DICOM file.")
    stream.seek(0)
    try:
        return pydicom.dcmread(stream, stop_before_pixels=True, force=headless)
    except (InvalidDicomError, EOFError) as error:
        raise Unusable(Code.TRUNCATED, "The header ends too early.") from error
    except OSError:
        raise
    except Exception as error:  # a damaged header fails anywhere in pydicom
        raise Unusable(Code.TRUNCATED, "The header is damaged.") from error


def _require_image(dataset: Any) -> None:
    kind, modality = text(dataset, "SOPClassUID"), text(dataset, "Modality")
    if _DIRECTORY in (kind, text(dataset.file_meta, "MediaStorageSOPClassUID")):
        raise Unusable(Code.DICOMDIR, "It lists other files, which are read themselves.")
    if missing := [key for key in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID") if not text(dataset, key)]:
        raise Unusable(Code.INCOMPLETE_HEADER, f"The header has no {missing[0]}; it may be cut short.")
    if kind.startswith(_CAPTURES):
        raise Unusable(Code.SECONDARY_CAPTURE, "It is a secondary capture: a screen shot or a scanned page.")
    if not whole(dataset, "Rows") or not whole(dataset, "Columns"):
        raise Unusable(Code.NOT_AN_IMAGE, "It is a DICOM object without an image.")
    if modality != "MR":
        raise Unusable(Code.OTHER_MODALITY, f"Its modality is {modality[:16] or 'not stated'}; MR is imported.")


def _require_pixels(dataset: Any, stream: BinaryIO) -> None:
    """Refuse a file without pixel data, or one that ends before its pixel data do.

    pydicom stops at the tag of the pixel data, so the stream stands there.
    """
    at, end = stream.tell(), stream.seek(0, 2)
    if text(dataset.file_meta, "TransferSyntaxUID") == "1.2.840.10008.1.2.1.99":  # deflated: one stream, read whole
        return
    stream.seek(at)
    head = stream.read(12)
    order = "<" if dataset.is_little_endian is not False else ">"
    if len(head) < 8 or struct.unpack(order + "H", head[:2])[0] != 0x7FE0:
        raise Unusable(Code.NO_PIXEL_DATA, "It holds a header and no pixel data.")
    long = head[4:6] in _LONG and len(head) == 12
    length, start = struct.unpack(order + "I", head[8:12] if long else head[4:8])[0], at + (12 if long else 8)
    if length == _UNDEFINED:
        complete = _ends_well(stream, start, order)
    else:
        frames = max(whole(dataset, "NumberOfFrames"), 1)
        needed = whole(dataset, "Rows") * whole(dataset, "Columns") * frames * whole(dataset, "BitsAllocated") // 8
        complete = start + length <= end and length >= needed
    if not complete:
        raise Unusable(Code.TRUNCATED, "The file ends before its pixel data do.")


def _ends_well(stream: BinaryIO, start: int, order: str) -> bool:
    """Whether encapsulated pixel data reach their sequence delimiter."""
    stream.seek(start)
    end = stream.seek(0, 2)
    while start + 8 <= end:
        stream.seek(start)
        group, element, length = struct.unpack(order + "HHI", stream.read(8))
        if (group, element) == (0xFFFE, 0xE0DD):
            return True
        if (group, element) != (0xFFFE, 0xE000):
            return False
        start += 8 + length
    return False


def _build_instance(path: str, dataset: Any) -> Instance:
    storage, frames = read_frames(dataset)
    if not frames:
        raise Unusable(Code.NO_POSITION, "The header does not say where in the patient the image lies.")
    side = mosaic_side(dataset)
    return Instance(
        path=path,
        sop_class=text(dataset, "SOPClassUID"),
        sop_instance=text(dataset, "SOPInstanceUID"),
        series=text(dataset, "SeriesInstanceUID"),
        study=text(dataset, "StudyInstanceUID"),
        patient=_read_patient(dataset),
        origin=_read_origin(dataset),
        protocol=_read_protocol(dataset),
        frames=frames,
        size=(whole(dataset, "Rows") // side, whole(dataset, "Columns") // side),
        storage=storage,
        series_number=whole(dataset, "SeriesNumber"),
        instance_number=whole(dataset, "InstanceNumber"),
        acquisition_number=whole(dataset, "AcquisitionNumber"),
        rescale=_read_rescale(dataset),
        rescale_stated=(bool(text(dataset, "RescaleSlope")), bool(text(dataset, "RescaleIntercept"))),
        decodable=_is_decodable(dataset),
        stated=whole(dataset, "ImagesInAcquisition"),
        burned_in=text(dataset, "BurnedInAnnotation").upper() == "YES",
    )


def _read_patient(dataset: Any) -> Patient:
    names = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex")
    return Patient(*(text(dataset, name) for name in names))


def _read_origin(dataset: Any) -> Origin:
    age = text(dataset, "PatientAge")
    unit = _YEARS.get(age[3:].upper()) if age[:3].isdigit() else None
    when = text(dataset, "AcquisitionDate") + text(dataset, "AcquisitionTime")
    return Origin(
        text(dataset, "StudyDate"),
        when or text(dataset, "AcquisitionDateTime"),
        text(dataset, "InstitutionName"),
        int(age[:3]) * unit if unit else None,
        number(dataset, "PatientWeight"),
    )


def _read_protocol(dataset: Any) -> Protocol:
    numbers = {name: number(dataset, keyword, -1.0) for name, keyword in _NUMBERS.items()}
    numbers |= {name: value for name, value in _read_enhanced_numbers(dataset).items() if numbers[name] < 0}
    return Protocol(
        text(dataset, "SeriesDescription"),
        text(dataset, "ProtocolName"),
        text(dataset, "SequenceName") or text(dataset, "PulseSequenceName"),
        tuple(word.upper() for word in words(dataset, "ImageType")),
        {name: value for name, value in numbers.items() if value >= 0},
        text(dataset, "ContrastBolusAgent"),
        tuple(word.upper() for word in words(dataset, "ScanningSequence")),
    )


def _read_enhanced_numbers(dataset: Any) -> dict[str, float]:
    shared = first(dataset, "SharedFunctionalGroupsSequence")
    own = first(dataset, "PerFrameFunctionalGroupsSequence")
    timing = "MRTimingAndRelatedParametersSequence"
    echo = first(own, "MREchoSequence") or first(shared, "MREchoSequence")
    timings = first(own, timing) or first(shared, timing)
    return {
        "echo_time_ms": number(echo, "EffectiveEchoTime", -1.0),
        "repetition_time_ms": number(timings, "RepetitionTime", -1.0),
        "flip_angle_deg": number(timings, "FlipAngle", -1.0),
    }


def _read_rescale(dataset: Any) -> tuple[float, float, float]:
    scale = private(dataset, *_PHILIPS_SLOPE)
    precise = float(scale) if isinstance(scale, int | float) else 0.0
    groups = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
    values = [first(first(dataset, group), "PixelValueTransformationSequence") for group in groups]
    transformation = next((item for item in values if item is not None), dataset)
    return (number(transformation, "RescaleSlope", 1.0), number(transformation, "RescaleIntercept"), precise)
