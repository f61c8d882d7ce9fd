"""The oracle: pybids' entities and metadata for every file of six valid datasets, differences stated one by one."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from benchmarks import scanning
from benchmarks.scanning import Row

DATASETS = ("7t_trt", "ds000001-fmriprep", "ds109", "ds114", "qmri_mp2rage", "synthetic")

LONG = {
    "sub": "subject",
    "ses": "session",
    "acq": "acquisition",
    "nuc": "nucleus",
    "voi": "volume",
    "ce": "ceagent",
    "stain": "staining",
    "trc": "tracer",
    "rec": "reconstruction",
    "dir": "direction",
    "mod": "modality",
    "seg": "segmentation",
}
"""Our keys are the ones in file names, pybids spells some of them out."""

OWN_SIDECAR_WINS = {
    "SkullStripped": "desc-preproc_T1w.nii.gz",
    "RawSources": "desc-brain_mask.nii.gz",
}
"""fMRIPrep puts two sidecars that apply to one file into one folder, which BIDS forbids. pybids takes whichever the
disk lists first, we take the one with more entities: the file's own."""


def layout(root: Path) -> Any:
    bids = pytest.importorskip("bids")
    derivative = "derivatives" in root.parts or "fmriprep" in root.name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bids.BIDSLayout(root, validate=False, config=["bids", "derivatives"] if derivative else ["bids"])


def ours(row: Row) -> dict[str, str]:
    named = {LONG.get(key, key): label for key, label in row.entities.items()}
    parts = {"suffix": row.suffix, "extension": row.extension, "datatype": row.datatype}
    return named | {key: value for key, value in parts.items() if value}


def theirs(file: Any) -> dict[str, str]:
    """Without `fmap` and `scans`, which repeat the suffix; `run` with the zeros that stand in the name."""
    entities = {key: str(value) for key, value in file.get_entities(metadata=False).items()}
    return {key: value for key, value in entities.items() if key not in ("fmap", "scans")}


def explained(row: Row, entities: dict[str, str]) -> dict[str, str]:
    """What pybids says of a file, less what it takes from elsewhere than the file's name."""
    filename = row.path.rpartition("/")[2]
    if filename == "dataset_description.json":  # no entities: its first word is no key-label pair
        assert entities.pop("suffix") == "description"
    if not filename.startswith("sub-") or row.extension in (".html", ".toml"):  # from the folder, or half a name
        for key in ("subject", "session"):
            if key not in ours(row):
                entities.pop(key, None)
    return entities


@pytest.mark.realdata
@pytest.mark.parametrize("dataset", DATASETS)
def test_entities_and_metadata_are_those_of_pybids(realdata: Path, dataset: str) -> None:
    base = realdata / "bids_examples" / dataset
    rows = {row.path: row for row in scanning.scan(base).rows}
    compared = set()
    for root in (base, *(place.parent for place in base.glob("derivatives/*/dataset_description.json"))):
        for place, file in layout(root).get_files().items():
            path = Path(place).relative_to(base).as_posix()
            if path not in rows:
                assert path.startswith("logs/")  # not indexed: no subject's, no derivative's
                continue
            compared.add(path)
            assert ours(rows[path]) == explained(rows[path], theirs(file)), path
            check_metadata(rows[path], file.get_metadata())
    assert compared == set(rows)


def check_metadata(row: Row, expected: dict[str, Any]) -> None:
    found = {key: value for key, value in row.metadata.items() if value is not None}  # pybids drops null
    differing = {key for key in {*found, *expected} if found.get(key) != expected.get(key)}
    assert all(row.path.endswith(OWN_SIDECAR_WINS[key]) for key in differing), (row.path, differing)
