"""What is staged meets the official validator before it comes in: what is not valid is left out and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tests.support.cohorts.importer_twins as twins
from curation.importers.report import ImportReport, count
from curation.imports import validity
from curation.imports.delivery import check_delivery, import_delivery
from registry.errors import InvalidInput
from registry.files.canonical import read_tsv
from registry.maintenance import bids_validator, validation
from registry.store import Registry
from tests.support.cohorts.bids_layouts import begin, put_times

pytestmark = pytest.mark.skipif(bids_validator.find_program() is None, reason="the official validator is not installed")

BOLD = "sub-01/func/sub-01_task-rest_bold"
EVENTS = "sub-01/func/sub-01_task-rest_events.tsv"
MASK = "derivatives/manual-ms/sub-01/func/sub-01_task-rest_space-bold_label-L_desc-e01_mask"
RIGHT = {"RepetitionTime": 2, "TaskName": "rest"}


def look(tree: Path) -> ImportReport:
    """The report after the rules were run over a tree; the tree is valid afterwards."""
    report = validity.require_valid(tree, ImportReport("bids", count(tree)))
    assert twins.validator_errors(tree) == []
    assert report.kept == count(tree)
    return report


def put_bold(root: Path, **fields: Any) -> None:
    """A time series with a volume every two seconds, whose sidecar says what it is told to."""
    put_times(root / f"{BOLD}.nii.gz")
    twins.write_json(root / f"{BOLD}.json", {**RIGHT, **fields})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A valid tree of one subject with one image."""
    root = begin(tmp_path / "tree")
    twins.write(root / "README", "A made-up dataset for tests.\n")
    twins.write(root / "participants.tsv", "participant_id\tage\nsub-01\t30\n")
    return root


def test_a_valid_tree_stays_byte_by_byte(tree: Path) -> None:
    put_bold(tree)
    before = twins.checksums(tree)
    report = ImportReport("bids", count(tree), notes=("one",))
    assert validity.require_valid(tree, report) == report
    assert twins.checksums(tree) == before


UNSTATED: dict[str, tuple[str, str]] = {
    "the echo of one of several": ("anat/sub-01_echo-1_MEGRE", "EchoTime"),
    "all of an inversion": ("anat/sub-01_inv-1_MP2RAGE", "InversionTime"),
    "the unit of a phase": ("anat/sub-01_part-phase_T2starw", "Units"),
    "the time between volumes": ("func/sub-01_task-rest_bold", "RepetitionTime"),
    "the direction of a field map": ("fmap/sub-01_dir-AP_epi", "PhaseEncodingDirection"),
}


@pytest.mark.parametrize("case", UNSTATED)
def test_an_image_that_lacks_a_required_field_comes_in_and_is_named(tree: Path, case: str) -> None:
    image, field = UNSTATED[case]
    path = tree / f"sub-01/{image}.nii.gz"
    put_times(path) if "bold" in image else twins.put(path, twins.voxels(1), text="")
    report = look(tree)
    assert path.is_file()
    assert report.refused == ()
    assert (tree / ".bidsignore").read_text() == f"sub-01/{image}.*\n"
    [note] = report.notes
    assert field in note
    assert f"1 {image.rpartition('_')[2]} image came in without: .bidsignore names them" in note


def too_many_volumes(tree: Path) -> None:
    (tree / "sub-01/anat/sub-01_T1w.nii.gz").unlink()
    put_times(tree / "sub-01/anat/sub-01_acq-dyn_T1w.nii.gz")
    put_bold(tree)


def another_time(tree: Path) -> None:
    put_bold(tree, RepetitionTime=3)


def no_gradients(tree: Path) -> None:
    put_times(tree / "sub-01/dwi/sub-01_dwi.nii.gz")


def no_such_name(tree: Path) -> None:
    twins.put(tree / "sub-01/anat/sub-01_seen-yes_T1w.nii.gz", twins.voxels(1), text="")


def no_image(tree: Path) -> None:
    twins.write(tree / "sub-01/anat/sub-01_T2w.nii.gz", "nothing")


FAULTY: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "several volumes of one T1w": (
        too_many_volumes,
        "sub-01/anat/sub-01_acq-dyn_T1w.nii.gz",
        "T1W_FILE_WITH_TOO_MANY_DIMENSIONS",
    ),
    "header and sidecar disagree": (another_time, f"{BOLD}.nii.gz", "REPETITION_TIME_MISMATCH"),
    "diffusion without gradients": (no_gradients, "sub-01/dwi/sub-01_dwi.nii.gz", "DWI_MISSING_BVEC"),
    "a name of no kind": (no_such_name, "sub-01/anat/sub-01_seen-yes_T1w.nii.gz", "ENTITY_NOT_IN_RULE"),
    "no image at all": (no_image, "sub-01/anat/sub-01_T2w.nii.gz", "NIFTI_HEADER_UNREADABLE"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_a_file_with_another_error_is_left_out_with_the_code_of_the_validator(tree: Path, case: str) -> None:
    make, path, code = FAULTY[case]
    make(tree)
    report = look(tree)
    assert [(item.path, item.reason) for item in report.refused] == [(path, "not-valid")]
    assert f"[{code}]" in report.refused[0].detail
    assert not (tree / path).exists()
    assert count(tree)["images"] == 1


def test_what_belongs_to_an_image_goes_with_it_and_its_neighbours_stay(tree: Path) -> None:
    put_bold(tree, RepetitionTime=3)
    twins.write(tree / EVENTS, "onset\tduration\n1\t1\n")
    twins.put(tree / "sub-01/func/sub-01_task-rest_sbref.nii.gz", twins.voxels(1), text="")
    twins.write_json(tree / "sub-01/func/sub-01_task-rest_sbref.json", RIGHT)
    twins.put(tree / f"{MASK}.nii.gz", twins.blob(1), text="")
    twins.write_json(tree / f"{MASK}.json", {"Type": "Lesion", "Sources": [f"bids:raw:{BOLD}.nii.gz"]})
    other = MASK.replace("func", "anat").replace("task-rest_space-bold", "space-T1w")
    twins.put(tree / f"{other}.nii.gz", twins.blob(1), text="")
    twins.write_json(tree / f"{other}.json", {"Type": "Lesion", "Sources": ["bids:raw:sub-01/anat/sub-01_T1w.nii.gz"]})
    about = {"Name": "m", "BIDSVersion": "1.10.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "x"}]}
    links = {"DatasetLinks": {"raw": "file:../.."}}
    twins.write_json(tree / "derivatives/manual-ms/dataset_description.json", {**about, **links})
    twins.write(
        tree / "sub-01/sub-01_scans.tsv",
        "filename\tnote\nanat/sub-01_T1w.nii.gz\ta\nfunc/sub-01_task-rest_bold.nii.gz\tb\n",
    )
    report = look(tree)
    assert {item.path: item.reason for item in report.refused} == {
        f"{BOLD}.nii.gz": "not-valid",
        EVENTS: "image-refused",
        f"{MASK}.nii.gz": "no-image-for-mask",
    }
    left = {path.name for path in tree.rglob("sub-01_*") if path.is_file()}
    assert left == {
        "sub-01_T1w.nii.gz",
        "sub-01_task-rest_sbref.nii.gz",
        "sub-01_task-rest_sbref.json",
        "sub-01_scans.tsv",
        f"{Path(other).name}.nii.gz",
        f"{Path(other).name}.json",
    }
    assert [row["filename"] for row in read_tsv(tree / "sub-01/sub-01_scans.tsv")] == ["anat/sub-01_T1w.nii.gz"]


def test_a_subject_without_any_volume_is_nobody_whom_the_delivery_brings(tree: Path) -> None:
    twins.write(tree / "participants.tsv", "participant_id\tage\nsub-01\t30\nsub-02\t40\n")
    twins.write(tree / "sub-02/anat/sub-02_T1w.nii.gz", "nothing")
    report = look(tree)
    assert [row["participant_id"] for row in read_tsv(tree / "participants.tsv")] == ["sub-01"]
    assert not (tree / "sub-02").exists()
    assert report.kept["subjects"] == 1


def test_a_column_of_people_with_a_value_that_bids_refuses_is_left_out(tree: Path) -> None:
    twins.write(tree / "participants.tsv", "participant_id\tage\thandedness\nsub-01\t30\t0.8\n")
    report = look(tree)
    assert read_tsv(tree / "participants.tsv") == [{"participant_id": "sub-01", "age": "30"}]
    assert any("participants.tsv handedness (1)" in note for note in report.notes)


def test_a_field_with_a_value_that_bids_refuses_is_left_out_and_the_image_stays(tree: Path) -> None:
    put_bold(tree, SliceTiming=[0, 2.5], PhaseEncodingDirection="y")
    report = look(tree)
    assert json.loads((tree / f"{BOLD}.json").read_text()) == RIGHT
    assert any("PhaseEncodingDirection (1), SliceTiming (1)" in note for note in report.notes)


def test_a_field_is_left_out_below_a_folder_with_a_dot_in_its_name(tree: Path) -> None:
    folder = tree / "derivatives/prep-20.2.1"
    about = {"Name": "p", "BIDSVersion": "1.10.0", "DatasetType": "derivative", "GeneratedBy": [{"Name": "p"}]}
    twins.write_json(folder / "dataset_description.json", about)
    put_bold(folder, SliceTiming=[0, 2.5], SkullStripped=False)
    report = look(tree)
    assert report.refused == ()
    assert json.loads((folder / f"{BOLD}.json").read_text()) == {**RIGHT, "SkullStripped": False}


def test_a_required_field_with_a_wrong_value_is_one_that_nobody_stated(tree: Path) -> None:
    put_bold(tree, TaskName=[1])
    report = look(tree)
    assert (tree / ".bidsignore").read_text() == f"{BOLD}.*\n"
    assert any("BIDS requires TaskName" in note for note in report.notes)


def test_a_cell_of_a_table_is_never_repeated_in_the_report(tree: Path) -> None:
    put_bold(tree)
    twins.write(tree / EVENTS, "onset\tduration\nJane Roe\t1\n")
    report = look(tree)
    assert [item.path for item in report.refused] == [EVENTS]
    assert "Roe" not in report.text()
    assert (tree / f"{BOLD}.nii.gz").is_file()


def test_an_error_in_no_file_of_a_subject_refuses_the_whole(tree: Path) -> None:
    twins.write_json(tree / "dataset_description.json", {"Name": "without a version"})
    with pytest.raises(InvalidInput, match=r"dataset_description\.json would not be valid BIDS.*\[JSON_KEY_REQUIRED\]"):
        look(tree)


def test_a_validator_that_is_not_there_or_says_nothing_is_told_in_the_report(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_time(tree)
    report = ImportReport("bids", count(tree))
    monkeypatch.setattr(bids_validator, "find_program", lambda: None)
    assert "not installed" in validity.require_valid(tree, report).notes[0]
    monkeypatch.setattr(bids_validator, "find_program", lambda: str(tmp_path / "gone"))
    assert "gave no result" in validity.require_valid(tree, report).notes[0]
    assert (tree / f"{BOLD}.nii.gz").is_file()


def test_an_import_and_its_rehearsal_say_the_same_and_the_registry_stays_valid(
    tmp_path: Path, writable: Registry
) -> None:
    sources = [begin(tmp_path / name) for name in ("one", "two")]
    before = validation.validate(writable).errors
    for number, source in enumerate(sources):
        for path in sorted(source.rglob("sub-01*"), reverse=True):
            path.rename(path.with_name(path.name.replace("sub-01", f"sub-V{number}")))
        for echo in (1, 2):
            image = source / f"sub-V{number}/anat/sub-V{number}_echo-{echo}_MEGRE.nii.gz"
            twins.put(image, twins.voxels(10 * number + echo), text="")
        put_times(source / f"sub-V{number}/func/sub-V{number}_task-rest_bold.nii.gz")
        twins.write_json(
            source / f"sub-V{number}/func/sub-V{number}_task-rest_bold.json", {**RIGHT, "RepetitionTime": 3}
        )
        twins.write_json(source / "dataset_description.json", {"Name": f"V{number}", "BIDSVersion": "1.8.0"})
        rehearsed = check_delivery(writable, "bids", source).report
        report = import_delivery(writable, "bids", source)
        assert report == rehearsed
        assert report.kept["images"] == 3
        assert [item.reason for item in report.refused] == ["not-valid"]
    lines = [f"sub-V{number}/anat/sub-V{number}_echo-{echo}_MEGRE.*" for number in (0, 1) for echo in (1, 2)]
    assert (writable.root / ".bidsignore").read_text().split() == ["logs/", *lines]
    assert validation.validate(writable).errors == before
    held = twins.checksums(writable.root)
    import_delivery(writable, "bids", sources[0])
    assert (writable.root / ".bidsignore").read_bytes().count(b"MEGRE") == 4
    assert held[".bidsignore"] == twins.checksums(writable.root)[".bidsignore"]
