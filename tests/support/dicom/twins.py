"""Tiny generated DICOM series, written by pydicom: invented persons, dates and UIDs, real structure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
MR, ENHANCED_MR, CT = "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.2"
CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
T1, T2 = {"EchoTime": 10, "RepetitionTime": 500}, {"EchoTime": 90, "RepetitionTime": 4000}
NAME, PATIENT, DATE = "Roe^Jane", "ID4711", "20010203"


@dataclass(frozen=True)
class Series:
    """One series: what every instance says, and where its slices lie (mm along the normal)."""

    description: str = "T1w"
    patient: str = PATIENT
    name: str = NAME
    date: str = DATE
    number: int = 1
    study: str = ""
    cosines: tuple[float, ...] = AXIAL
    depths: tuple[float, ...] = (0.0, 3.0, 6.0, 9.0)
    size: tuple[int, int] = (6, 8)
    spacing: tuple[float, float] = (1.5, 1.25)
    volumes: int = 1
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def study_uid(self) -> str:
        """Study Instance UID: one per patient and day, unless `study` says otherwise."""
        return generate_uid(entropy_srcs=["study", self.patient, self.study or self.date])

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return generate_uid(entropy_srcs=["series", self.patient, self.date, str(self.number), self.study])


def write(folder: Path, series: Series, **other: Any) -> list[Path]:
    """Write a series, one file per slice and volume; elements in `other` replace those of every instance."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for volume in range(series.volumes):
        for index in range(len(series.depths)):
            dataset = instance(series, index, volume)
            for key, value in other.items():
                setattr(dataset, key, value)
            files.append(save(dataset, folder / f"{series.number:02}-{volume:02}-{index:03}"))
    return files


def save(dataset: FileDataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def instance(series: Series, index: int, volume: int = 0) -> FileDataset:
    """One slice."""
    number = volume * len(series.depths) + index + 1
    dataset = _head(series, MR, generate_uid(entropy_srcs=[series.uid, str(number)]))
    dataset.ImageOrientationPatient = list(series.cosines)
    dataset.ImagePositionPatient = position(series, index)
    dataset.PixelSpacing = list(series.spacing)
    dataset.SliceThickness = 3
    dataset.InstanceNumber, dataset.AcquisitionNumber = number, volume + 1
    dataset.AcquisitionTime = f"1010{volume:02}"
    put_pixels(dataset, pixels(series, index, volume))
    for key, value in series.more.items():
        setattr(dataset, key, value)
    return dataset


def position(series: Series, index: int) -> list[float]:
    normal = np.cross(series.cosines[:3], series.cosines[3:])
    return [float(value) for value in np.array([-20.0, 30.0, 7.0]) + normal * series.depths[index]]


def pixels(series: Series, index: int, volume: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng([series.number, index, volume])
    return rng.integers(0, 4000, series.size).astype(np.uint16)


def put_pixels(dataset: Dataset, values: np.ndarray[Any, Any]) -> None:
    dataset.Rows, dataset.Columns = values.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = values.tobytes()


def enhanced(path: Path, series: Series, mixed: bool = False) -> Path:
    """All slices in one enhanced multi-frame file."""
    dataset = _head(series, ENHANCED_MR, generate_uid(entropy_srcs=[series.uid, "enhanced"]))
    dataset.NumberOfFrames = len(series.depths)
    dataset.InstanceNumber = 1
    shared = Dataset()
    shared.PixelMeasuresSequence = [_with(PixelSpacing=list(series.spacing), SliceThickness=3)]
    timing = _with(RepetitionTime=500, FlipAngle=90)
    shared.MRTimingAndRelatedParametersSequence = [timing]
    dataset.SharedFunctionalGroupsSequence = [shared]
    groups = []
    for index in range(len(series.depths)):
        cosines = SAGITTAL if mixed and index == 0 else series.cosines
        group = Dataset()
        group.PlanePositionSequence = [_with(ImagePositionPatient=position(series, index))]
        group.PlaneOrientationSequence = [_with(ImageOrientationPatient=list(cosines))]
        group.MREchoSequence = [_with(EffectiveEchoTime=10.0)]
        group.FrameContentSequence = [
            _with(
                InStackPositionNumber=index + 1, StackID="1", TemporalPositionIndex=1, DimensionIndexValues=[index + 1]
            )
        ]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    put_pixels(dataset, np.stack([pixels(series, index) for index in range(len(series.depths))]))
    path.parent.mkdir(parents=True, exist_ok=True)
    return save(dataset, path)


def change(path: Path, **values: Any) -> None:
    """Change elements of a written file; None deletes one."""
    dataset = pydicom.dcmread(path)
    for key, value in values.items():
        if value is None:
            delattr(dataset, key)
        else:
            setattr(dataset, key, value)
    dataset.save_as(path)


def delete(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink()


def _with(**values: Any) -> Dataset:
    dataset = Dataset()
    for key, value in values.items():
        setattr(dataset, key, value)
    return dataset


def _head(series: Series, sop_class: str, uid: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    values = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": uid,
        "StudyInstanceUID": series.study_uid,
        "SeriesInstanceUID": series.uid,
        "FrameOfReferenceUID": generate_uid(entropy_srcs=[series.study_uid]),
        "PatientID": series.patient,
        "PatientName": series.name,
        "PatientBirthDate": "19600101",
        "PatientSex": "F",
        "PatientAge": "041Y",
        "StudyDate": series.date,
        "SeriesDate": series.date,
        "AcquisitionDate": series.date,
        "StudyTime": "101000",
        "AcquisitionTime": "101000",
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Invented",
        "MagneticFieldStrength": 3,
        "InstitutionName": "Centre A",
        "InstitutionAddress": "1 Invented Road",
        "StationName": "MRC4711",
        "DeviceSerialNumber": "4711",
        "ReferringPhysicianName": "Doe^John",
        "AccessionNumber": "A4711",
        "StudyID": "77",
        "SeriesDescription": series.description,
        "SeriesNumber": series.number,
        "PatientPosition": "HFS",
        "ImageType": ["ORIGINAL", "PRIMARY", "M"],
        "ScanningSequence": "SE",
        "SequenceVariant": "NONE",
        "MRAcquisitionType": "2D",
        "FlipAngle": 90,
        **T1,
    }
    for key, value in values.items():
        setattr(dataset, key, value)
    return dataset
