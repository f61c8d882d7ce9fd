"""A tiny cohort: eight subjects of seven persons, two centres, FLAIR and T1w, three raters; small files, large laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.volumes import encode

AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
SHAPE = (32, 32, 20)
RATERS = ("e01", "e02", "e03")
SUBJECTS = tuple(f"sub-A{number:03d}" for number in range(8))
READINGS = "derivatives/manual-ms"


def image(subject: str, suffix: str = "FLAIR") -> str:
    """Path of an image."""
    return f"{subject}/ses-M00/anat/{subject}_ses-M00_{suffix}.nii.gz"


def mask(subject: str, rater: str = "e01") -> str:
    """Path of a reading."""
    return f"{READINGS}/{subject}/ses-M00/anat/{subject}_ses-M00_space-FLAIR_label-L_desc-{rater}_mask.nii.gz"


def lesion(size: int = 2, at: int = 5) -> np.ndarray:
    """A label map with one box."""
    voxels = np.zeros(SHAPE, np.uint8)
    voxels[at : at + 4, at : at + 4, 3 : 3 + size] = 1
    return voxels


def write(root: Path) -> None:
    """Write the cohort as BIDS. FLAIR images are noise and large enough for the annex, masks stay in git."""
    _write_json(root / "dataset_description.json", {"Name": "t", "BIDSVersion": "1.11.1", "DatasetType": "raw"})
    (root / "README").write_text("A tiny cohort for tests.\n")
    people = [
        {
            "participant_id": subject,
            "person_id": f"P{min(number, 6):03d}",
            "species": "homo sapiens",
            "age": 30 + number,
            "sex": "F",
            "class": "MS" if number % 2 else "HC",
        }
        for number, subject in enumerate(SUBJECTS)
    ]
    (root / "participants.tsv").write_bytes(tsv_bytes(people, list(people[0])))
    noise = np.random.default_rng(0)
    for number, subject in enumerate(SUBJECTS):
        _write_subject(root, subject, number, noise)
    _write_dataset(root / READINGS)


def _write_subject(root: Path, subject: str, number: int, noise: np.random.Generator) -> None:
    place = "A" if number < 4 else "B"
    visit = {"session_id": "ses-M00", "days_from_baseline": 0, "site": f"site{place}", "scanner": f"scanner{place}"}
    for suffix in ("FLAIR", "T1w"):
        kind = np.int32 if suffix == "FLAIR" else np.int16
        data = encode(noise.integers(0, np.iinfo(kind).max, SHAPE, dtype=kind), AFFINE)
        path = root / image(subject, suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        _write_json(path.with_suffix("").with_suffix(".json"), {"Manufacturer": "Acme", "MagneticFieldStrength": 3})
        if suffix == "FLAIR":
            checksum = sha256_bytes(data)
    (root / subject / f"{subject}_sessions.tsv").write_bytes(tsv_bytes([visit], list(visit)))
    for rater in RATERS:
        _write_reading(root / mask(subject, rater), subject, rater, checksum)


def _write_reading(path: Path, subject: str, rater: str, checksum: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(lesion(2 + int(rater[-1])), AFFINE))
    reference = f"bids:raw:{image(subject)}"
    fields = {
        "Type": "Lesion",
        "Manual": True,
        "Sources": [reference],
        "SpatialReference": reference,
        "RaterID": rater,
        "SourceSHA256": checksum,
    }
    _write_json(path.with_suffix("").with_suffix(".json"), fields)


def _write_dataset(folder: Path) -> None:
    described = {
        "Name": "m",
        "BIDSVersion": "1.11.1",
        "DatasetType": "derivative",
        "DatasetLinks": {"raw": "file:../.."},
        "GeneratedBy": [{"Name": "Manual"}],
    }
    _write_json(folder / "dataset_description.json", described)
    rows = [{"desc_id": f"desc-{rater}", "description": rater, "rater_id": rater, "role": "expert"} for rater in RATERS]
    (folder / "descriptions.tsv").write_bytes(tsv_bytes(rows, list(rows[0])))


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(readable_json(value))
