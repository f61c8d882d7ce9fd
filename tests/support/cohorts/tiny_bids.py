"""A tiny multi-centre cohort as valid BIDS: six subjects, five persons, two sites, three raters of one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.volumes import encode

SHAPE = (20, 24, 12)
AFFINE = np.diag([2.0, 2.0, 3.0, 1.0])
RATERS = ("e01", "e02", "e03")
SUBJECTS = tuple(f"sub-A{index:03d}" for index in range(6))
PARTICIPANTS = ("participant_id", "person_id", "species", "age", "sex", "class", "diagnosis", "radiological_status")
SESSIONS = ("session_id", "days_from_baseline", "site", "scanner")
DESCRIPTIONS = ("desc_id", "description", "rater_id", "role", "protocol")
MANUAL = "derivatives/manual-ms"


def write_cohort(root: Path, subjects: Sequence[str] = SUBJECTS) -> None:
    """Write the cohort, or a part of it; a subject's bytes do not depend on the others."""
    put_json(root, "dataset_description.json", {"Name": "Tiny", "BIDSVersion": "1.11.1", "DatasetType": "raw"})
    put_table(root, "participants.tsv", [participant(subject) for subject in subjects], PARTICIPANTS)
    for subject in subjects:
        write_subject(root, subject)
    put_json(
        root,
        f"{MANUAL}/dataset_description.json",
        {
            "Name": "Readings",
            "BIDSVersion": "1.11.1",
            "DatasetType": "derivative",
            "DatasetLinks": {"raw": "file:../.."},
            "GeneratedBy": [{"Name": "Manual"}],
        },
    )
    put_table(root, f"{MANUAL}/descriptions.tsv", [_described(rater) for rater in RATERS], DESCRIPTIONS)


def participant(subject: str) -> dict[str, Any]:
    """Its row; the last two subjects are one person, every second has MS."""
    index = int(subject[-3:])
    return {
        "participant_id": subject,
        "person_id": f"P{min(index, 4):03d}",
        "species": "homo sapiens",
        "age": 30 + index,
        "sex": "F",
        "class": "MS" if index % 2 else "HC",
    }


def write_subject(root: Path, subject: str) -> None:
    """Sessions, two images, and three readings of the FLAIR image."""
    index = int(subject[-3:])
    site = "siteA" if index < 3 else "siteB"
    row = {"session_id": "ses-M00", "days_from_baseline": 0, "site": site, "scanner": f"sc{site[-1]}"}
    put_table(root, f"{subject}/{subject}_sessions.tsv", [row], SESSIONS)
    for suffix in ("FLAIR", "T1w"):
        put(root, image_path(subject, suffix), image(subject, suffix))
        put_json(root, image_path(subject, suffix, ".json"), {"Manufacturer": "Siemens", "MagneticFieldStrength": 3})
    for rater in RATERS:
        write_reading(root, subject, rater)


def write_reading(root: Path, subject: str, rater: str, **sidecar: Any) -> None:
    """One rater's mask of the FLAIR image and its sidecar."""
    uri = f"bids:raw:{image_path(subject)}"
    stated = {
        "Type": "Lesion",
        "Manual": True,
        "Sources": [uri],
        "SpatialReference": uri,
        "RaterID": rater,
        "SourceSHA256": sha256_bytes(image(subject, "FLAIR")),
    }
    put(root, reading_path(subject, rater), encode(lesions(subject, rater), AFFINE))
    put_json(root, reading_path(subject, rater, ".json"), {**stated, **sidecar})


def image(subject: str, suffix: str) -> bytes:
    """Noise, seeded by the subject; the first subject's FLAIR is big enough for the annex."""
    rng = np.random.default_rng([int(subject[-3:]), len(suffix)])
    shape = (40, 48, 24) if (subject, suffix) == ("sub-A000", "T1w") else SHAPE
    return encode(rng.integers(0, 500, shape).astype(np.int16), AFFINE)


def lesions(subject: str, rater: str) -> np.ndarray[Any, Any]:
    """Two lesions in every second subject, drawn larger by each next rater; nothing in the others."""
    data = np.zeros(SHAPE, np.uint8)
    index = int(subject[-3:])
    if index % 2:
        data[5:9, 5:9, 3 : 6 + int(rater[-1])] = 1
        data[5 : 5 + index % 8, 1:3, 1] = 1  # no two subjects have the same mask
        data[14:16, 14:16, 4:6] = 1
    return data


def image_path(subject: str, suffix: str = "FLAIR", extension: str = ".nii.gz") -> str:
    """Where an image lies."""
    return f"{subject}/ses-M00/anat/{subject}_ses-M00_{suffix}{extension}"


def reading_path(subject: str, rater: str, extension: str = ".nii.gz") -> str:
    """Where a reading lies."""
    return f"{MANUAL}/{subject}/ses-M00/anat/{subject}_ses-M00_space-FLAIR_label-L_desc-{rater}_mask{extension}"


def put(root: Path, path: str, data: bytes) -> None:
    """Write a file, parents included."""
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def put_json(root: Path, path: str, value: Any) -> None:
    """Write a sidecar."""
    put(root, path, readable_json(value))


def put_table(root: Path, path: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a table."""
    put(root, path, tsv_bytes(rows, columns))


def _described(rater: str) -> dict[str, str]:
    return {"desc_id": f"desc-{rater}", "description": rater, "rater_id": rater, "role": "expert", "protocol": "ms"}
