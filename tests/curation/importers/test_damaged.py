"""Whatever lies in a delivery: what cannot be used is listed with its reason, the rest comes in, nothing hangs."""

from __future__ import annotations

import gzip
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import stage
from registry.files.canonical import read_tsv
from registry.index import facts

DELIVERIES: dict[str, tuple[str, Callable[[Path], Path], str, str]] = {
    "bids": (
        "bids",
        twins.bids,
        "sub-01/ses-a/anat/sub-01_ses-a_FLAIR.nii.gz",
        "derivatives/manual-ms/sub-02/ses-b/anat/sub-02_ses-b_space-FLAIR_label-L_desc-e01_mask.nii.gz",
    ),
    "decathlon": ("decathlon", twins.decathlon, "imagesTr/thing_001.nii.gz", "labelsTr/thing_002.nii.gz"),
    "nearly BIDS": (
        "gm-challenge",
        twins.near_bids,
        "sub-9Ses1/anat/sub-9Ses1_run-1_T2starw.nii.gz",
        "derivatives/labels/sub-9Ses2/anat/sub-9Ses2_run-1_T2starw_seg-manual.nii.gz",
    ),
}
DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "ends early": lambda data: data[: len(data) * 3 // 4],
    "lacks its last bytes": lambda data: data[:-6],
    "another checksum": lambda data: data[:-8] + bytes([data[-8] ^ 255]) + data[-7:],
}
ANAT = "sub-01/ses-a/anat"
IMAGE = f"{ANAT}/sub-01_ses-a_FLAIR"
MASK = f"derivatives/manual-ms/{ANAT}/sub-01_ses-a_space-FLAIR_label-L_desc-e01_mask"
ABOUT_MASKS = "derivatives/manual-ms/dataset_description.json"


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_what_is_not_whole_is_refused_and_the_rest_comes_in(tmp_path: Path, delivery: str, damage: str) -> None:
    recipe, write, *spoiled = DELIVERIES[delivery]
    whole = stage(recipes.load(recipe), write(tmp_path / "whole"), tmp_path / "sound")
    source = write(tmp_path / "delivery")
    for path in spoiled:
        (source / path).write_bytes(DAMAGE[damage]((source / path).read_bytes()))
    report = stage(recipes.load(recipe), source, tmp_path / "into")
    refused = {item.path: item for item in report.refused}
    assert {refused[path].reason for path in spoiled} == {"not-nifti"}
    assert all(Path(path).name in refused[path].detail for path in spoiled)
    assert all(str(tmp_path) not in item.detail for item in report.refused)
    assert 0 < report.kept["images"] < whole.kept["images"]
    assert 0 < report.kept["masks"] < whole.kept["masks"]


def _undecodable(source: Path) -> None:
    with open(os.fsencode(source / ANAT) + b"/sub-01_\xff_FLAIR.nii.gz", "wb") as stream:
        stream.write(b"x")


def _pipe(path: str) -> Callable[[Path], None]:
    def spoil(source: Path) -> None:
        (source / path).unlink(missing_ok=True)
        os.mkfifo(source / path)

    return spoil


def _socket(source: Path) -> None:
    (source / "README").unlink()
    place = os.open(source, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"/proc/self/fd/{place}/README")  # the path itself can be longer than a socket's may be
    os.close(place)


def _json(path: str, value: object) -> Callable[[Path], object]:
    return lambda source: twins.write_json(source / path, value)


def _text(path: str, text: str) -> Callable[[Path], object]:
    return lambda source: twins.write(source / path, text)


def _about(links: object) -> Callable[[Path], object]:
    named = {"Name": "Masks", "BIDSVersion": "1.8.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "hand"}]}
    return _json(ABOUT_MASKS, {**named, "DatasetLinks": links})


LISTED: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "a name that is no text": (_undecodable, {f"{ANAT}/sub-01_\\udcff_FLAIR.nii.gz": "not-bids-name"}),
    "a line break in a name": (
        _text(f"{ANAT}/sub-01_ses-a\n_T1w.json", "{}"),
        {f"{ANAT}/sub-01_ses-a\\n_T1w.json": "not-bids-name"},
    ),
    "a pipe as README": (_pipe("README"), {"README": "no-file"}),
    "a socket": (_socket, {"README": "no-file"}),
    "a pipe as sidecar": (_pipe(f"{IMAGE}.json"), {f"{IMAGE}.json": "no-file"}),
    "a pipe as image": (_pipe(f"{ANAT}/sub-01_ses-a_T1w.nii.gz"), {f"{ANAT}/sub-01_ses-a_T1w.nii.gz": "no-file"}),
    "a folder linked as README": (
        lambda source: [(source / "README").unlink(), (source / "README").symlink_to(ANAT)],
        {"README": "no-file"},
    ),
    "NaN": (_text(f"{IMAGE}.json", '{"EchoTime": NaN}'), {f"{IMAGE}.json": "unreadable-json"}),
    "a number too large": (_text(f"{IMAGE}.json", '{"EchoTime": 1e999}'), {f"{IMAGE}.json": "unreadable-json"}),
    "half a character": (_text(f"{IMAGE}.json", '{"Description": "\\ud800"}'), {f"{IMAGE}.json": "unreadable-json"}),
    "sources that are a number": (_json(f"{MASK}.json", {"Sources": 5, "SpatialReference": ["x"]}), {}),
    "links that are a text": (_about("x"), {}),
    "links that are a list": (_about(["x"]), {}),
    "a link to nothing": (_about({"a": None, "raw": 5}), {}),
    "levels that are a list": (_json("participants.json", {"sex": [1]}), {}),
    "levels that are a text": (_json("participants.json", {"sex": "x"}), {}),
    "levels of a text": (_json("participants.json", {"sex": {"Levels": "x"}}), {}),
    "a field strength that no number holds": (_json(f"{IMAGE}.json", {"MagneticFieldStrength": 10**400}), {}),
    "a table of a subject without sessions": (
        _text("sub-03/sub-03_sessions.tsv", "session_id\tacq_time\nses-01\n"),
        {"sub-03/sub-03_sessions.tsv": "unreadable-tsv"},
    ),
    "a comma instead of a tab": (
        _text("participants.tsv", "participant_id,age\nsub-01,1\n"),
        {"participants.tsv": "unreadable-tsv"},
    ),
    "a rater without a code": (
        _text("derivatives/manual-ms/descriptions.tsv", "rater_id\trole\ne01\texpert\n"),
        {"derivatives/manual-ms/descriptions.tsv": "unreadable-tsv"},
    ),
    "one image packed and plain": (
        lambda source: twins.put(source / f"{IMAGE}.nii", twins.voxels(0)),
        {f"{IMAGE}.nii.gz": "duplicate"},
    ),
    "a tab in a cell": (_json(f"{IMAGE}.json", {"InstitutionName": "Centre\tA\nB"}), {}),
}


@pytest.mark.parametrize("case", LISTED)
def test_one_bad_file_is_listed_and_the_rest_comes_in(tmp_path: Path, case: str) -> None:
    spoil, expected = LISTED[case]
    whole = stage(recipes.load("bids"), twins.bids(tmp_path / "whole"), tmp_path / "sound")
    source = twins.bids(tmp_path / "delivery")
    spoil(source)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    assert report.kept == whole.kept
    assert all(" " in item.detail and item.detail[-1] == "." for item in report.refused)
    assert {item.path: item.reason for item in report.refused} == {"sourcedata/scan.dcm": "not-carried", **expected}
    json.dumps(report.to_json(), ensure_ascii=False).encode()
    for path in sorted(twins.checksums(tmp_path / "into")):
        facts.read(tmp_path / "into", path)


def _replaced(path: str, shape: tuple[int, ...]) -> Callable[[Path], object]:
    return lambda source: twins.put(source / path, np.zeros(shape, np.uint8), text="")


def _dwi(bval: str | None, bvec: str, volumes: int = 3) -> Callable[[Path], object]:
    def spoil(source: Path) -> None:
        twins.put(source / f"{DWI}.nii.gz", np.zeros((*twins.SHAPE, volumes), np.uint8), text="")
        for ending, text in (("bval", bval), ("bvec", bvec)):
            if text is not None:
                twins.write(source / f"{DWI}.{ending}", text)

    return spoil


def _half_of_a_pair(source: Path) -> None:
    content = bytearray(gzip.decompress((source / f"{OTHER}.nii.gz").read_bytes()))
    content[344:348] = b"ni1\0"
    (source / f"{OTHER}.nii.gz").write_bytes(gzip.compress(content))


def _other_of(path: str) -> dict[str, str]:
    """What stays outside together with the image OTHER: what describes it or lies on it."""
    masks = (f"derivatives/manual-ms/{OTHER.removesuffix('FLAIR')}space-FLAIR_label-L_desc-e0{n}_mask" for n in (1, 2))
    gone = {f"{mask}.nii.gz": "no-image-for-mask" for mask in masks}
    return {path: "not-nifti", f"{OTHER}.json": "image-refused", **gone}


OTHER = "sub-02/ses-b/anat/sub-02_ses-b_FLAIR"
DWI, BOLD, T1W = (
    "sub-01/ses-a/dwi/sub-01_ses-a_dwi",
    "sub-01/ses-a/func/sub-01_ses-a_task-x_bold",
    f"{ANAT}/sub-01_ses-a_T1w",
)
NO_DWI = {f"{DWI}.nii.gz": "not-as-named", f"{DWI}.bval": "image-refused", f"{DWI}.bvec": "image-refused"}
BVEC = "0 1 0\n0 0 1\n1 0 0\n"
UNFIT: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "a mask of two volumes": (_replaced(f"{MASK}.nii.gz", (*twins.SHAPE, 2)), {f"{MASK}.nii.gz": "other-grid"}),
    "half of a pair of files": (_half_of_a_pair, _other_of(f"{OTHER}.nii.gz")),
    "a bold without time": (_replaced(f"{BOLD}.nii.gz", twins.SHAPE), {f"{BOLD}.nii.gz": "not-as-named"}),
    "a T1w of two volumes": (_replaced(f"{T1W}.nii.gz", (*twins.SHAPE, 2)), {f"{T1W}.nii.gz": "not-as-named"}),
    "gradients of fewer volumes": (_dwi("0 1000\n", BVEC), NO_DWI),
    "gradients of two rows": (_dwi("0 9 9\n", "0 1 0\n0 0 1\n"), NO_DWI),
    "gradients that are words": (_dwi("0 x 9\n", BVEC), NO_DWI),
    "no gradients": (_dwi(None, BVEC), {key: why for key, why in NO_DWI.items() if not key.endswith("bval")}),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_is_not_what_its_name_says_stays_outside_and_the_tree_is_valid(tmp_path: Path, case: str) -> None:
    spoil, expected = UNFIT[case]
    source = twins.bids(tmp_path / "delivery")
    spoil(source)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    assert {item.path: item.reason for item in report.refused} == {"sourcedata/scan.dcm": "not-carried", **expected}
    assert not any((tmp_path / "into" / path).exists() for path in expected)
    assert twins.validator_errors(tmp_path / "into") == []


def test_images_that_are_what_their_names_say_come_in_as_they_are(tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    _dwi("0 1000 1000\n", BVEC)(source)
    _replaced(f"{T1W}.nii.gz", (*twins.SHAPE, 1))(source)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    assert report.kept["images"] == 6
    assert (tmp_path / "into" / f"{DWI}.bval").read_text() == "0 1000 1000\n"
    assert twins.stored(tmp_path / "into" / f"{T1W}.nii.gz")[0].shape == twins.SHAPE
    assert twins.validator_errors(tmp_path / "into") == []


def test_a_mask_of_one_volume_may_say_so_by_a_fourth_axis(tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    _replaced(f"{MASK}.nii.gz", (*twins.SHAPE, 1))(source)
    assert stage(recipes.load("bids"), source, tmp_path / "into").kept["masks"] == 8


def test_visits_that_contradict_each_other_about_one_person_are_noted(tmp_path: Path) -> None:
    for scan in ("01", "02"):
        twins.put(tmp_path / f"delivery/KKI2009-{scan}-MPRAGE.nii.gz", twins.voxels(1))
    rows = "KKI2009-01-MPRAGE,113,1,25,M\nKKI2009-02-MPRAGE,113,2,60,F\n"
    twins.write(tmp_path / "delivery/scans.csv", f"MPRAGE,Subject ID,Visit ID,Age,Sex\n{rows}")
    report = stage(recipes.load("kirby21"), tmp_path / "delivery", tmp_path / "into")
    (row,) = read_tsv(tmp_path / "into/participants.tsv")
    assert (row["age"], row["sex"]) == ("25", "M")
    assert "Visits that differ about one person, so the first counts: sub-KKI113 (age, sex)." in report.notes


def test_a_tab_in_a_cell_becomes_a_space(tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    twins.write_json(source / f"{IMAGE}.json", {"InstitutionName": "Centre\tA\nB"})
    stage(recipes.load("bids"), source, tmp_path / "into")
    assert read_tsv(tmp_path / "into/sub-01/sub-01_sessions.tsv")[0]["site"] == "Centre A B"


def test_names_of_labels_take_one_line(tmp_path: Path) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    stated = json.loads((source / "dataset.json").read_text())
    labels = {"0": "background", "1": "front\tleft", "2": "back\nright"}
    twins.write_json(source / "dataset.json", {**stated, "labels": labels})
    stage(recipes.load("decathlon"), source, tmp_path / "into")
    (table,) = (tmp_path / "into/derivatives").rglob("*_dseg.tsv")
    assert [row["name"] for row in read_tsv(table)] == ["front left", "back right"]


@pytest.mark.parametrize("path", ["imagesTr/thing_001.nii.gz", "labelsTr/thing_001.nii.gz", "imagesTr/other"])
def test_a_pipe_in_a_decathlon_delivery_is_listed(tmp_path: Path, path: str) -> None:
    source = twins.decathlon(tmp_path / "delivery")
    _pipe(path)(source)
    report = stage(recipes.load("decathlon"), source, tmp_path / "into")
    assert {item.path: item.reason for item in report.refused}[path] in ("no-file", "unknown-kind")
    assert report.kept["images"] >= 2
