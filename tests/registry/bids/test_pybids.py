"""The oracle: pybids' entities and metadata for every file of six valid datasets, differences stated one by one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from registry.bids import sidecars
from registry.bids.filenames import parse_name
from registry.bids.names import DATATYPES
from registry.bids.walk import walk

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


class Row(NamedTuple):
    """What the product's readers say of one file."""

    path: str
    entities: Mapping[str, str]
    suffix: str
    extension: str
    datatype: str
    metadata: Mapping[str, Any]


def read(root: Path) -> dict[str, Row]:
    """Every file of a dataset through the walker, the parser of names and the one reader of metadata."""
    paths = [found.path for found in walk(root)]
    documents = ((path, sidecars.read_json((root / path).read_bytes())) for path in paths if path.endswith(".json"))
    folders = sidecars.by_folder(documents)
    rows = {}
    for path in paths:
        folder = path.rpartition("/")[0].rpartition("/")[2]
        name = parse_name(path.rpartition("/")[2])
        said = {} if name.extension == ".json" else sidecars.metadata(path, folders)
        rows[path] = Row(path, *name, folder if folder in DATATYPES else "", said)
    return rows


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
    rows = read(base)
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
