"""Generated BIDS trees of any size, with real names and sidecars, and tiny images that all differ."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np

from registry.bids.description import dataset_description
from registry.files.canonical import gzip_bytes, readable_json, tsv_bytes
from registry.files.volumes import encode

SESSIONS = ("ses-01", "ses-02")
SUFFIXES = ("FLAIR", "T1w")


def generate(root: Path, subjects: int, *, readings: bool = True) -> int:
    """Write subjects with two sessions of two images and sidecars, and return the number of files.

    Args:
        root: the folder; it must not exist.
        subjects: the number of subjects.
        readings: whether every session has a reading of its first image.
    """
    root.mkdir(parents=True)
    description = dataset_description("generated", License="CC0", GeneratedBy=None)
    (root / "dataset_description.json").write_bytes(readable_json(description))
    (root / "README").write_text("Generated for a benchmark.\n")
    ids = [f"sub-{number:05d}" for number in range(subjects)]
    rows = [{"participant_id": name, "person_id": f"P{name[4:]}", "class": "MS"} for name in ids]
    (root / "participants.tsv").write_bytes(tsv_bytes(rows, ["participant_id", "person_id", "class"]))
    files = 3 + sum(_subject(root, number, name) for number, name in enumerate(ids))
    return files + _readings(root, ids) if readings else files


def _readings(root: Path, ids: list[str]) -> int:
    _describe_readings(root / "derivatives" / "manual-ms")
    for number, name in enumerate(ids):
        for index, session in enumerate(SESSIONS):
            _reading(root, name, session, number * 2 + index)
    return 2 + 2 * len(ids) * len(SESSIONS)


def _describe_readings(folder: Path) -> None:
    folder.mkdir(parents=True)
    description = dataset_description("readings", {"raw": "file:../.."}, GeneratedBy=[{"Name": "generated"}])
    (folder / "dataset_description.json").write_bytes(readable_json(description))
    rows = [{"desc_id": "desc-e01", "rater_id": "e01", "role": "expert", "protocol": "ms"}]
    (folder / "descriptions.tsv").write_bytes(tsv_bytes(rows, ["desc_id", "rater_id", "role", "protocol"]))


def _reading(root: Path, name: str, session: str, mark: int) -> None:
    folder = root / "derivatives" / "manual-ms" / name / session / "anat"
    folder.mkdir(parents=True)
    voxels = np.zeros(64, dtype=np.uint8)
    voxels[[mark % 64, mark * 7 % 64]] = 1
    stem = f"{name}_{session}_space-FLAIR_label-L_desc-e01_mask"
    (folder / f"{stem}.nii.gz").write_bytes(encode(voxels.reshape(4, 4, 4), np.diag([2.0, 2.0, 3.0, 1.0])))
    source = f"bids:raw:{name}/{session}/anat/{name}_{session}_FLAIR.nii.gz"
    sidecar = {"Type": "Lesion", "Manual": True, "Sources": [source], "SpatialReference": source}
    (folder / f"{stem}.json").write_bytes(readable_json(sidecar))


def _subject(root: Path, number: int, name: str) -> int:
    (root / name).mkdir()
    table = [
        {
            "session_id": session,
            "days_from_baseline": 365 * index,
            "site": f"site{number % 7}",
            "scanner": f"sc{number % 11}",
        }
        for index, session in enumerate(SESSIONS)
    ]
    columns = ["session_id", "days_from_baseline", "site", "scanner"]
    (root / name / f"{name}_sessions.tsv").write_bytes(tsv_bytes(table, columns))
    files = 1
    for index, session in enumerate(SESSIONS):
        folder = root / name / session / "anat"
        folder.mkdir(parents=True)
        for kind, suffix in enumerate(SUFFIXES):
            serial = number * 4 + index * 2 + kind
            (folder / f"{name}_{session}_{suffix}.nii.gz").write_bytes(_image(serial))
            sidecar = {
                "Manufacturer": "Siemens",
                "ManufacturersModelName": "Skyra",
                "MagneticFieldStrength": 3,
                "EchoTime": 0.1 + serial * 1e-6,
                "RepetitionTime": 9.0,
                "FlipAngle": 120,
                "SliceThickness": 3.0,
                "SeriesNumber": serial % 40,
                "ImageType": ["ORIGINAL", "PRIMARY", "M"],
            }
            (folder / f"{name}_{session}_{suffix}.json").write_bytes(readable_json(sidecar))
            files += 2
    return files


@cache
def _template() -> bytes:
    return gzip.decompress(encode(np.zeros((4, 4, 4), dtype=np.int32), np.diag([2.0, 2.0, 3.0, 1.0])))


def _image(serial: int) -> bytes:
    """An image whose last voxel is `serial`: git-annex is slow with thousands of equal files."""
    raw = bytearray(_template())
    raw[-4:] = serial.to_bytes(4, "little")
    return gzip_bytes(bytes(raw))
