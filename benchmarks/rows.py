"""Registries with a full database and without files, for benchmarks that read only rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from registry.files.canonical import sha256_bytes
from registry.maintenance.creation import create
from registry.store import Registry
from registry.tables import Image, Mask, Person, Scanner, Session, Site, Subject

SITES = 12
SCANNERS = 30


def fill(root: Path, subjects: int, suffixes: tuple[str, ...], *, readings: bool) -> Registry:
    """A registry with two sessions for each subject, and one image for each suffix in a session.

    Args:
        root: the folder of the registry; it must not exist.
        subjects: the number of subjects.
        suffixes: the suffixes of the images.
        readings: whether the first image of each session has a reading.
    """
    registry = create(root)
    with registry.engine.begin() as connection:
        for table, rows in _tables(subjects, suffixes, readings):
            for batch in _batches(rows, 5000):
                connection.execute(table.__table__.insert(), batch)
    return registry


def _tables(subjects: int, suffixes: tuple[str, ...], readings: bool) -> Iterator[tuple[Any, Iterable[dict[str, Any]]]]:
    yield Person, ({"person_id": f"P{number:06d}"} for number in range(subjects))
    yield Site, ({"site_id": f"site{number}"} for number in range(SITES))
    yield Scanner, ({"scanner_id": f"sc{number}", "site_id": f"site{number % SITES}"} for number in range(SCANNERS))
    yield Subject, (_subject(number) for number in range(subjects))
    yield Session, (_session(number, visit) for number in range(subjects) for visit in range(2))
    yield Image, (_image(n, visit, suffix) for n in range(subjects) for visit in range(2) for suffix in suffixes)
    if readings:
        yield Mask, (_mask(n, visit, suffixes[0]) for n in range(subjects) for visit in range(2))


def _subject(number: int) -> dict[str, Any]:
    return {
        "subject_id": f"sub-{number:06d}",
        "person_id": f"P{number:06d}",
        "sex": "FM"[number % 2],
        "age": 20 + number % 50,
        "class_label": ("MS", "HC", "RIS")[number % 3],
    }


def _session(number: int, visit: int) -> dict[str, Any]:
    return {
        "session_key": f"sub-{number:06d}/ses-{visit}",
        "subject_id": f"sub-{number:06d}",
        "session_id": f"ses-{visit}",
        "days_from_baseline": visit * 180,
        "site_id": f"site{number % SITES}",
        "scanner_id": f"sc{number % SCANNERS}",
    }


def _path(number: int, visit: int, suffix: str) -> str:
    return f"sub-{number:06d}/ses-{visit}/anat/sub-{number:06d}_ses-{visit}_{suffix}.nii.gz"


def _image(number: int, visit: int, suffix: str) -> dict[str, Any]:
    path = _path(number, visit, suffix)
    return {
        "path": path,
        "dataset": "raw",
        "subject_id": f"sub-{number:06d}",
        "session_key": f"sub-{number:06d}/ses-{visit}",
        "datatype": "anat",
        "suffix": suffix,
        "channel": suffix,
        "sha256": sha256_bytes(path.encode()),
        "size": 1_000_000 + number,
        "n_i": 182,
        "n_j": 218,
        "n_k": 182,
        "n_t": 1,
        "spacing_i_mm": 1.0,
        "spacing_j_mm": 1.0,
        "spacing_k_mm": 1.0 + number % 4,
        "affine_ras": [1.0, 0.0, 0.0, 0.0] * 4,
        "dtype": "int16",
        "orientation": "RAS",
        "forms_agree": True,
        "manufacturer": "Siemens",
        "model_name": "Skyra",
        "field_strength_t": 3.0,
    }


def _mask(number: int, visit: int, suffix: str) -> dict[str, Any]:
    image = _path(number, visit, suffix)
    path = "derivatives/manual-ms/" + image.replace(".nii.gz", "_mask.nii.gz")
    return {
        "path": path,
        "image_path": image,
        "subject_id": f"sub-{number:06d}",
        "protocol": "ms",
        "desc": "e01",
        "label": "L",
        "suffix": "mask",
        "sha256": sha256_bytes(path.encode()),
        "size": 1000,
        "labels": {"0": "background", "1": "lesion"},
        "n_voxels": 5,
        "volume_mm3": 5.0,
        "rater_id": "e01",
        "kind": "mask",
        "revision": 1,
        "stale": False,
    }


def _batches(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
