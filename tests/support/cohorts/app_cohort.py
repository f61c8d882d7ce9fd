"""A small cohort for the app's tests: heads with lesions, seven subjects of six persons, two centres, three raters.

sub-A001 has two visits; sub-B003 lacks its T1w; sub-B004 was read by nobody; sub-B006 is the person of sub-A000;
the run `RUN` predicted something else than the raters drew for sub-A002.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.volumes import encode

SHAPE = (48, 56, 30)
AFFINE = np.array([[4.0, 0, 0, -94], [0, 4, 0, -110], [0, 0, 5, -70], [0, 0, 0, 1]])
RATERS = ("e01", "e02", "e03")
SUBJECTS = ("sub-A000", "sub-A001", "sub-A002", "sub-B003", "sub-B004", "sub-B005", "sub-B006")
MANUAL = "derivatives/manual-ms"
RUN = "r2ah0hzlo34i6d"

_LINKED = {
    "Name": "Readings",
    "BIDSVersion": "1.11.1",
    "DatasetType": "derivative",
    "DatasetLinks": {"raw": "file:../.."},
    "GeneratedBy": [{"Name": "Manual"}],
}


def write(root: Path) -> None:
    """Write the cohort as BIDS into an empty folder."""
    put(root / "dataset_description.json", {"Name": "App", "BIDSVersion": "1.11.1", "DatasetType": "raw"})
    table(root / "participants.tsv", [_person(index, name) for index, name in enumerate(SUBJECTS)])
    for index, name in enumerate(SUBJECTS):
        visits = [("ses-M00", 0), ("ses-M12", 371)] if name == "sub-A001" else [("ses-M00", 0)]
        site = f"site{name[4]}"
        table(
            root / name / f"{name}_sessions.tsv",
            [
                {"session_id": visit, "days_from_baseline": day, "site": site, "scanner": f"scanner{name[4]}"}
                for visit, day in visits
            ],
        )
        for visit, _ in visits:
            _visit(root, index, name, visit)
    _prediction(root)
    put(root / MANUAL / "dataset_description.json", _LINKED)
    table(
        root / MANUAL / "descriptions.tsv",
        [
            {"desc_id": f"desc-{rater}", "description": rater, "rater_id": rater, "role": "expert", "protocol": "ms"}
            for rater in RATERS
        ],
    )


def _prediction(root: Path) -> None:
    folder, stem = root / f"derivatives/prediction-{RUN}", "sub-A002/ses-M00/anat/sub-A002_ses-M00"
    put(folder / "dataset_description.json", {**_LINKED, "Name": "Predictions"})
    sources = [f"bids:raw:{stem}_FLAIR.nii.gz"]
    mask = encode(lesions(2, "ses-M12", grown=3), AFFINE)
    _file(folder / f"{stem}_space-FLAIR_label-L_desc-{RUN}_mask.nii.gz", mask, {"Manual": False, "Sources": sources})


def _person(index: int, name: str) -> dict[str, Any]:
    return {
        "participant_id": name,
        "person_id": f"P{index % 6:03d}",
        "species": "homo sapiens",
        "age": 30 + index,
        "sex": "F",
        "class": "MS" if index % 2 else "HC",
        "diagnosis": "RRMS *new*" if index % 2 else "healthy",
        "radiological_status": "pathological" if index % 2 else "normal",
    }


def _visit(root: Path, index: int, name: str, visit: str) -> None:
    stem = f"{name}/{visit}/anat/{name}_{visit}"
    flair = encode(head(index, visit), AFFINE)
    _file(root / f"{stem}_FLAIR.nii.gz", flair, {"Manufacturer": "Acme", "MagneticFieldStrength": 3})
    if name != "sub-B003":
        _file(root / f"{stem}_T1w.nii.gz", encode(head(index + 50, visit), AFFINE), {"Manufacturer": "Acme"})
    if name == "sub-B004":
        return
    uri = f"bids:raw:{stem}_FLAIR.nii.gz"
    for number, rater in enumerate(RATERS):
        sidecar = {
            "Type": "Lesion",
            "Manual": True,
            "Sources": [uri],
            "SpatialReference": uri,
            "RaterID": rater,
            "SourceSHA256": sha256_bytes(flair),
        }
        mask = encode(lesions(index, visit, grown=number), AFFINE)
        _file(root / MANUAL / f"{stem}_space-FLAIR_label-L_desc-{rater}_mask.nii.gz", mask, sidecar)


def head(index: int, visit: str) -> np.ndarray[Any, Any]:
    """An ellipsoid with some texture and bright lesions."""
    i, j, k = _grid()
    inside = (i / 78) ** 2 + (j / 96) ** 2 + (k / 66) ** 2 < 1
    noise = np.random.default_rng([index, len(visit)]).normal(0, 12, SHAPE)
    data = np.where(inside, 380 + 60 * np.sin(i / 9) * np.cos(j / 11) + noise, np.abs(noise) / 3)
    data[lesions(index, visit, grown=1) > 0] += 260
    return data.astype(np.int16)


def lesions(index: int, visit: str, grown: int) -> np.ndarray[Any, Any]:
    """Two balls, larger in later visits and for more generous raters; one in healthy subjects."""
    i, j, k = _grid()
    radius = 13 + 3 * grown + (6 if visit == "ses-M12" else 0) + index
    found = (i - 34) ** 2 + (j + 10) ** 2 + (k - 5) ** 2 < radius**2
    if index % 2:
        found |= (i + 30) ** 2 + (j - 26) ** 2 + (k - 8) ** 2 < (radius - 3) ** 2
    return found.astype(np.uint8)


def _grid() -> list[np.ndarray[Any, Any]]:
    axes = [np.arange(n) * AFFINE[axis, axis] + AFFINE[axis, 3] for axis, n in enumerate(SHAPE)]
    return np.meshgrid(*axes, indexing="ij")


def put(path: Path, value: Any) -> None:
    """Write JSON, parents included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(readable_json(value))


def table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write a table, parents included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tsv_bytes(rows, list(rows[0])))


def _file(path: Path, data: bytes, sidecar: dict[str, Any]) -> None:
    put(path.with_suffix("").with_suffix(".json"), sidecar)
    path.write_bytes(data)
