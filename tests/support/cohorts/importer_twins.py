"""Small generated twins of the layouts that importers read, and the checks every import must pass."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from registry.files.canonical import sha256_file

SHAPE = (6, 7, 5)
AFFINE = np.array([[1.0, 0, 0, -3], [0, 1.0, 0, 2], [0, 0, 2.0, 5], [0, 0, 0, 1]])


def voxels(seed: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 1000, shape).astype(np.int16)


def blob(*values: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray[Any, Any]:
    data = np.zeros(shape, np.uint8)
    for at, value in enumerate(values, start=1):
        data[at, 2:4, 2] = value
    return data


def put(
    path: Path, data: Any, affine: Any = AFFINE, text: str = "seen 2021-05-04 by Dr Roe", seconds: float = 1
) -> Path:
    """Write an image whose header says more than it should; a time series has a volume every few seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(data, affine)
    image.header["descrip"] = text
    image.header["db_name"] = text[:17]
    image.header.set_xyzt_units("mm", "sec")
    if data.ndim > 3:
        image.header.set_zooms((*image.header.get_zooms()[:3], seconds, *image.header.get_zooms()[4:]))
    if text:
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", text.encode()))
    nibabel.save(image, path)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def write_json(path: Path, value: Any) -> Path:
    return write(path, json.dumps(value))


def decathlon(root: Path, channels: tuple[str, ...] = ("MRI",)) -> Path:
    """Three good pairs, one image without a mask, one mask without an image."""
    shape = SHAPE if len(channels) == 1 else (*SHAPE, len(channels))
    for number in (1, 2, 3, 7):
        put(root / f"imagesTr/thing_{number:03}.nii.gz", voxels(number, shape))
    for number in (1, 2, 3, 9):
        put(root / f"labelsTr/thing_{number:03}.nii.gz", blob(1, 2).astype(np.float32))
    pairs = [
        {"image": f"./imagesTr/thing_{number:03}.nii.gz", "label": f"./labelsTr/thing_{number:03}.nii.gz"}
        for number in (1, 2, 3)
    ]
    write_json(
        root / "dataset.json",
        {
            "name": "Thing",
            "licence": "CC0",
            "modality": {str(i): name for i, name in enumerate(channels)},
            "labels": {"0": "background", "1": "front", "2": "back"},
            "training": pairs,
            "test": [],
        },
    )
    return root


def bids(root: Path) -> Path:
    """Two subjects, two sessions, two raters; sidecars and tables that say more than they should."""
    write_json(root / "dataset_description.json", {"Name": "Twin", "BIDSVersion": "1.8.0", "Authors": ["A", "B"]})
    write(root / "README", "A twin of a dataset, long enough to be read by whoever opens the folder first.\n" * 3)
    write(root / "participants.tsv", "participant_id\tage\tsex\tfirst_name\nsub-01\t30\tF\tAnn\nsub-02\tn/a\tM\tBob\n")
    write(root / "sourcedata/scan.dcm", "raw")
    manual = root / "derivatives/manual-ms"
    write_json(
        manual / "dataset_description.json",
        {
            "Name": "Masks",
            "BIDSVersion": "1.8.0",
            "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "hand"}],
            "DatasetLinks": {"raw": "file:../.."},
        },
    )
    for number, subject in enumerate(("sub-01", "sub-02")):
        days = "session_id\tacq_time\nses-a\t2020-01-01T00:00:00\nses-b\t2020-03-01T10:00:00\n"
        write(root / f"{subject}/{subject}_sessions.tsv", days)
        for visit, session in enumerate(("ses-a", "ses-b")):
            stem = f"{subject}/{session}/anat/{subject}_{session}"
            put(root / f"{stem}_FLAIR.nii.gz", voxels(10 * number + visit))
            write_json(
                root / f"{stem}_FLAIR.json",
                {
                    "Manufacturer": "Siemens",
                    "ManufacturersModelName": "Trio",
                    "MagneticFieldStrength": 3,
                    "InstitutionName": "Centre A",
                    "PatientName": "Roe",
                    "AcquisitionDateTime": "2020-01-01T00:00:00",
                },
            )
            for rater in ("e01", "e02"):
                put(manual / f"{stem}_space-FLAIR_label-L_desc-{rater}_mask.nii.gz", blob(1))
    return root


def near_bids(root: Path) -> Path:
    """One person under two labels, masks under the endings people use, a table with other words."""
    write(
        root / "participants.tsv", "participant_id\tsex\tage\tSite\nsub-9Ses1\tF\t26\tCEITEC\nsub-9Ses2\tF\t26\tBRNO\n"
    )
    for session in (1, 2):
        stem = f"sub-9Ses{session}/anat/sub-9Ses{session}_run-1_T2starw"
        put(root / f"{stem}.nii.gz", voxels(session))
        write_json(root / f"{stem}.json", {"Manufacturer": "GE", "AcquisitionDuration": "594.3"})
        for ending in ("seg-manual", "gmseg-manual"):
            put(root / f"derivatives/labels/{stem}_{ending}.nii.gz", blob(1).astype(np.float64))
            write_json(root / f"derivatives/labels/{stem}_{ending}.json", {})
    return root


def itk_affine(path: Path, shift_lps: tuple[float, float, float]) -> Path:
    numbers = " ".join(str(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1, *shift_lps))
    head = "#Insight Transform File V1.0\n#Transform 0\nTransform: MatrixOffsetTransformBase_double_3_3\n"
    return write(path, f"{head}Parameters: {numbers}\nFixedParameters: 0 0 0\n")


def open_ms(root: Path) -> Path:
    """One patient with two studies, one in MNI space, two masks without images, and tables with gaps."""
    patient = root / "longitudinal/patient01"
    for study in (1, 2):
        for channel in ("FLAIR", "T1W", "T2W"):
            put(patient / f"study{study}_{channel}.nii.gz", voxels(study).astype(np.uint16))
            if channel != "FLAIR":
                itk_affine(patient / f"study{study}_{channel}_intrastudy_to_FLAIR.txt", (0, 0, 0))
        itk_affine(patient / f"study{study}_FLAIR_to_common_space.txt", (0, 0, 0))
    put(patient / "gt.nii.gz", blob(1))
    put(patient / "common_space_brainmask.nii.gz", blob(1, 1))
    write(
        root / "longitudinal/demographics.csv",
        "patient_id,sex,days_between_studies,patient_age_at_first_study,ms_type\n1,F,203,20,\n",
    )
    crossing = root / "cross_sectional"
    for channel in ("FLAIR", "T1", "T1POST", "T2"):
        image = voxels(5).astype(np.float32) - 100
        put(crossing / f"MNI/patient19/{channel}_N4_brain_regtoMNI.nii.gz", image)
    put(crossing / "MNI/patient19/GOLD_STANDARD_N4_regtoMNI.nii.gz", blob(1))
    for number in (1, 2):
        put(crossing / f"consensus/patient0{number}_consensus_gt.nii.gz", blob(1))
    write(crossing / "patient_info.csv", "patient_id,age,sex,ms_type,edss,criteria\n19,47,F,N/A,NA,McDonald 2010\n")
    return root


def checksums(root: Path) -> dict[str, str]:
    """Every file below `root` with the checksum of its bytes."""
    return {path.relative_to(root).as_posix(): sha256_file(path) for path in root.rglob("*") if path.is_file()}


def stored(path: Path) -> tuple[Any, Any, Any]:
    """Voxels as stored, their type and the grid, read by nibabel as an oracle."""
    image: Any = nibabel.load(path)
    return np.asarray(image.dataobj.get_unscaled()), image.get_data_dtype(), image.affine


def validator_errors(root: Path) -> list[tuple[str, str]]:
    """Errors of the official validator on the raw root and directly on each derivative."""
    beside = Path(sys.executable).parent / "bids-validator-deno"
    program = str(beside) if beside.exists() else shutil.which("bids-validator-deno")
    assert program, "the BIDS validator belongs to the test dependencies"
    folders = [root, *sorted(path.parent for path in root.glob("derivatives/*/dataset_description.json"))]
    assert len(folders) == 1 + len(list(root.glob("derivatives/*")))
    found = []
    for folder in folders:
        command = [program, str(folder), "--format", "json", "--max-rows", "-1"]
        issues = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
        found += [
            (issue["code"], f"{folder.name}{issue.get('location')} {issue.get('issueMessage', '')}")
            for issue in issues["issues"]["issues"]
            if issue["severity"] == "error"
        ]
    return found
