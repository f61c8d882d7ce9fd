"""What several files share: each file that comes in says all that the source says of it, as pybids reads the source."""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.files.canonical import read_tsv
from tests.support.cohorts import bids_layouts

PUBLIC = ("7t_trt", "ds109", "ds114", "qmri_mp2rage", "synthetic")
T1W = "sub-01/ses-a/anat/sub-01_ses-a_run-1_T1w"
OTHER = "sub-02/ses-a/anat/sub-02_ses-a_run-1_T1w"
DWI = "sub-01/ses-a/dwi/sub-01_ses-a_dwi"
BOLD = "sub-01/ses-a/func/sub-01_ses-a_task-rest_echo-{}_bold"
ROOT = {"Manufacturer": "Siemens", "MagneticFieldStrength": 3, "EchoTime": 0.003}


def bring(source: Path) -> tuple[Path, ImportReport]:
    into = source.parent / "into"
    return into, stage(recipes.load("bids"), source, into)


def said(into: Path, stem: str) -> Any:
    path = into / f"{stem}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def oracle(root: Path) -> Any:
    bids = pytest.importorskip("bids")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bids.BIDSLayout(root, validate=False)


def check_against_pybids(source: Path, into: Path, report: ImportReport) -> int:
    """Compare the sidecar of each raw image with pybids' metadata of the source; return how many were compared."""
    layout, count = oracle(source), 0
    left_out = " ".join(note for note in report.notes if "left out" in note)
    for image in sorted(into.glob("sub-*/**/*.nii.gz")):
        path = image.relative_to(into).as_posix()
        plain = source / path.removesuffix(".gz")
        delivered = layout.get_file(str(source / path) if (source / path).exists() else str(plain))
        expected = {key: value for key, value in delivered.get_metadata().items() if value is not None}
        found = said(into, path.partition(".")[0])
        assert found.items() <= expected.items(), path
        assert all(f" {key} (" in left_out for key in expected.keys() - found.keys()), (path, left_out)
        for ending in ("bval", "bvec") if "_dwi." in path else ():
            stated = getattr(layout, f"get_{ending}")(delivered.path)
            assert (into / f"{path.partition('.')[0]}.{ending}").read_bytes() == Path(stated).read_bytes()
        count += 1
    return count


@pytest.mark.realdata
@pytest.mark.parametrize("name", PUBLIC)
def test_public_layouts_say_the_same_before_and_after(realdata: Path, tmp_path: Path, name: str) -> None:
    source = bids_layouts.fill(realdata / "bids_examples" / name, tmp_path / "source")
    into, report = bring(source)
    assert check_against_pybids(source, into, report) == len(list(source.glob("sub-*/**/*.nii*")))
    assert twins.validator_errors(into) == []


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two subjects with a T1w of two runs, and a root that speaks of every T1w."""
    root = tmp_path / "source"
    twins.write_json(root / "dataset_description.json", {"Name": "Shared", "BIDSVersion": "1.8.0"})
    twins.write_json(root / "T1w.json", ROOT)
    for stem in (T1W, OTHER):
        for number, run in enumerate(("run-1", "run-2")):
            twins.put(root / f"{stem.replace('run-1', run)}.nii.gz", twins.voxels(number), text="")
    return root


LAYERS = {
    "of the subject": "sub-01/sub-01_T1w.json",
    "of the session": "sub-01/ses-a/sub-01_ses-a_T1w.json",
    "beside the images": "sub-01/ses-a/anat/sub-01_ses-a_T1w.json",
    "of one run": "sub-01/ses-a/sub-01_ses-a_run-1_T1w.json",
    "beside the images, without a subject": "sub-01/ses-a/anat/T1w.json",
    "at the root, of one run": "run-1_T1w.json",
}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_between_the_root_and_the_image_wins_over_the_root(source: Path, layer: str) -> None:
    twins.write_json(source / LAYERS[layer], {"Manufacturer": "GE", "MagneticFieldStrength": 1.5})
    into, report = bring(source)
    assert check_against_pybids(source, into, report) == 4
    assert said(into, T1W) == {**ROOT, "Manufacturer": "GE", "MagneticFieldStrength": 1.5}
    assert report.refused == ()
    assert {"T1w.json", LAYERS[layer]} <= set(report.used)
    assert twins.validator_errors(into) == []


@pytest.mark.parametrize("seed", range(4))
def test_any_layers_merge_as_pybids_merges_them(source: Path, seed: int) -> None:
    """One sidecar a folder, as BIDS has it, with any of the fields."""
    draw = random.Random(seed)
    for folder in draw.sample(("sub-01/", "sub-01/ses-a/", "sub-01/ses-a/anat/", "sub-02/", "sub-02/ses-a/anat/"), 4):
        entities = [part for part in (*folder.split("/")[:2], "run-1") if "-" in part and draw.random() < 0.5]
        fields = {key: draw.choice((0.2, 0.5)) for key in ROOT if key != "Manufacturer" and draw.random() < 0.7}
        twins.write_json(source / folder / "_".join([*entities, "T1w.json"]), fields)
    into, report = bring(source)
    assert check_against_pybids(source, into, report) == 4


def test_nothing_above_subjects_speaks_of_the_images_of_another_delivery(source: Path) -> None:
    into, _ = bring(source)
    assert {path.name for path in into.glob("*.json")} == {
        "dataset_description.json",
        "participants.json",
        "sessions.json",
    }


UNREADABLE: dict[str, Callable[[Path], object]] = {
    "no JSON": lambda path: twins.write(path, "{"),
    "not a number": lambda path: twins.write(path, '{"EchoTime": NaN}'),
    "a list": lambda path: twins.write_json(path, [1]),
    "a dead link": lambda path: path.symlink_to("nowhere.json"),
    "a link out of the delivery": lambda path: path.symlink_to(
        twins.write_json(path.parents[2] / "outside.json", {"MagneticFieldStrength": 7})
    ),
}


@pytest.mark.parametrize("damage", UNREADABLE)
def test_a_layer_that_cannot_be_read_lets_no_other_value_stand_in(source: Path, damage: str) -> None:
    UNREADABLE[damage](source / "sub-01/sub-01_T1w.json")
    twins.write_json(source / f"{T1W}.json", {"EchoTime": 0.004})
    into, report = bring(source)
    assert said(into, T1W) == {"EchoTime": 0.004}
    assert said(into, T1W.replace("run-1", "run-2")) == {}
    assert said(into, OTHER) == ROOT
    assert [item.path for item in report.refused] == ["sub-01/sub-01_T1w.json"]
    (note,) = [note for note in report.notes if "cannot be read" in note]
    assert note.startswith("sub-01/sub-01_T1w.json cannot be read, so 2 files have no value that stands above it")


@pytest.mark.parametrize("value", ["3T", [3], 30000, None, True])
def test_a_value_that_may_not_stay_lets_no_other_value_stand_in(source: Path, value: Any) -> None:
    twins.write_json(source / "sub-01/sub-01_T1w.json", {"MagneticFieldStrength": value})
    into, report = bring(source)
    assert "MagneticFieldStrength" not in said(into, T1W)
    assert said(into, OTHER) == ROOT
    assert value is None or any("MagneticFieldStrength (2)" in note for note in report.notes)


GRADIENTS = {"bval": "0 1000 1000\n", "bvec": "0 1 0\n0 0 1\n1 0 0\n"}


@pytest.mark.parametrize(
    "stem", ["dwi", "sub-01/sub-01_dwi", "sub-01/ses-a/sub-01_ses-a_dwi", "sub-01/ses-a/dwi/sub-01_ses-a_dwi"]
)
def test_gradients_come_from_wherever_the_image_inherits_them(source: Path, stem: str) -> None:
    for run in ("_run-1_dwi", "_run-2_dwi"):
        twins.put(source / f"{DWI.removesuffix('_dwi')}{run}.nii.gz", twins.voxels(1, (*twins.SHAPE, 3)), text="")
    for ending, text in GRADIENTS.items():
        twins.write(source / f"{stem}.{ending}", text)
    into, report = bring(source)
    assert report.refused == ()
    assert check_against_pybids_gradients(into) == 2
    assert twins.validator_errors(into) == []


def check_against_pybids_gradients(into: Path) -> int:
    """Read the gradients of each diffusion image of a tree through pybids; return how many images were read."""
    layout = oracle(into)
    images = layout.get(suffix="dwi", extension=".nii.gz", return_type="filename")
    for image in images:
        assert {end: Path(getattr(layout, f"get_{end}")(image)).read_text() for end in GRADIENTS} == GRADIENTS
    return len(images)


EVENTS = "onset\tduration\ttrial_type\n1\t2\tgo\n"


def times(root: Path, stem: str) -> None:
    twins.put(root / f"{stem}.nii.gz", np.zeros((*twins.SHAPE, 2), np.int16), text="", seconds=2)


def shared_events(source: Path) -> dict[str, Any]:
    for echo in (1, 2):
        times(source, BOLD.format(echo))
        twins.write_json(source / f"{BOLD.format(echo)}.json", {"EchoTime": echo / 100})
    twins.write_json(source / "task-rest_bold.json", {"RepetitionTime": 2, "TaskName": "rest"})
    twins.write(source / "task-rest_events.tsv", EVENTS)
    meaning = {"trial_type": {"Description": "what was asked"}}
    twins.write_json(source / "task-rest_events.json", meaning)
    return meaning


def test_events_of_a_task_lie_beside_each_run_once_with_their_meaning(source: Path) -> None:
    meaning = shared_events(source)
    into, report = bring(source)
    events = BOLD.format(1).replace("_echo-1_bold", "_events")
    assert (into / f"{events}.tsv").read_text() == EVENTS
    assert said(into, events) == meaning
    assert {"task-rest_events.tsv", "task-rest_events.json"} <= set(report.used)
    assert len(list(into.rglob("*_events.tsv"))) == 1
    assert twins.validator_errors(into) == []


def test_a_table_that_is_refused_lets_no_table_above_stand_in(source: Path) -> None:
    shared_events(source)
    twins.write(source / "sub-01/ses-a/sub-01_ses-a_task-rest_events.tsv", "onset\tduration\n1\n")
    into, report = bring(source)
    assert not list(into.rglob("*_events.tsv"))
    assert {item.path: item.reason for item in report.refused} == {
        "sub-01/ses-a/sub-01_ses-a_task-rest_events.tsv": "unreadable-tsv",
        "task-rest_events.tsv": "image-refused",
        "task-rest_events.json": "image-refused",
    }


def test_a_sidecar_of_nothing_that_came_in_is_refused(source: Path) -> None:
    twins.write_json(source / "sub-01/sub-01_T2w.json", {"EchoTime": 1})
    _, report = bring(source)
    assert {item.path: item.reason for item in report.refused} == {"sub-01/sub-01_T2w.json": "image-refused"}


def test_people_read_scanner_and_site_through_every_layer(source: Path) -> None:
    twins.write_json(source / "sub-01/sub-01_T1w.json", {"Manufacturer": "GE", "MagneticFieldStrength": 1.5})
    into, _ = bring(source)
    scanners: Mapping[str, Any] = {
        subject: read_tsv(into / f"{subject}/{subject}_sessions.tsv")[0]["scanner"] for subject in ("sub-01", "sub-02")
    }
    assert scanners == {"sub-01": "GE 1.5 T", "sub-02": "Siemens 3 T"}


@pytest.mark.parametrize("stated", [2.89362, 2.9, 3.0])
def test_a_scanner_is_one_whichever_number_near_its_rated_strength_is_stated(stated: float, source: Path) -> None:
    twins.write_json(source / "sub-01/sub-01_T1w.json", {"Manufacturer": "Siemens", "MagneticFieldStrength": stated})
    into, _ = bring(source)
    rows = [read_tsv(into / f"{subject}/{subject}_sessions.tsv")[0] for subject in ("sub-01", "sub-02")]
    assert {row["scanner"] for row in rows} == {"Siemens 3 T"}


def test_a_dot_in_the_name_of_a_folder_changes_nothing(source: Path) -> None:
    about = {"Name": "p", "BIDSVersion": "1.8.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "p"}]}
    folders = ("derivatives/prep", "derivatives/prep-20.2.1")
    image, labels = "anat/sub-01_desc-preproc_T1w", "anat/sub-01_space-T1w_seg-two_dseg"
    for folder in folders:
        root = source / folder
        twins.write_json(root / "dataset_description.json", about)
        twins.put(root / f"sub-01/{image}.nii.gz", twins.voxels(5), text="")
        twins.write_json(root / f"sub-01/{image}.json", {"SkullStripped": True, "EchoTime": 0.004})
        twins.put(root / f"sub-01/{labels}.nii.gz", twins.blob(1, 2), text="")
        twins.write(root / f"sub-01/{labels}.tsv", "index\tname\n1\tone\n2\ttwo\n")
    into, report = bring(source)
    assert report.refused == ()
    assert {said(into, f"{folder}/sub-01/{image}")["EchoTime"] for folder in folders} == {0.004}
    plain, dotted = ({p.relative_to(into / f).as_posix() for p in (into / f).rglob("*")} for f in folders)
    assert plain == dotted
    assert sorted(path.name for path in (into / "derivatives").iterdir()) == ["prep", "prep-20.2.1"]
