"""A layout of ours is the one that pybids makes by indexing: its rows, its answers, raw and derivatives."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from bids import BIDSLayout
from typer.testing import CliRunner

from registry import bids, snapshots
from registry.bids.pybids import database
from registry.cli import console
from registry.cli.commands import layout as layout_command
from registry.errors import InvalidInput, StorageError
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from tests.support import layouts
from tests.support.cohorts import tiny_bids

DATASETS = ("7t_trt", "ds000001-fmriprep", "ds109", "ds114", "qmri_mp2rage", "synthetic")
Pair = tuple[Any, Any]


@pytest.fixture(scope="module", params=DATASETS)
def pair(request: pytest.FixtureRequest, realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Our layout and that of pybids; fMRIPrep's alone is no valid raw dataset, and is taken unvalidated."""
    root = realdata / "bids_examples" / request.param
    validate = request.param != "ds000001-fmriprep"
    folder = tmp_path_factory.mktemp("layout")
    bids.layout(root, folder, validate=validate)
    return BIDSLayout(root, database_path=folder, validate=validate), layouts.index_by_pybids(root, validate)


@pytest.mark.realdata
def test_each_row_of_a_public_dataset_is_that_of_pybids(pair: Pair) -> None:
    ours, theirs = map(layouts.list_rows, pair)
    assert ours == theirs


@pytest.mark.slow
@pytest.mark.realdata
def test_each_question_to_a_public_dataset_has_the_answer_of_pybids(pair: Pair) -> None:
    assert differing(pair, every=40) == []


def differing(pair: Pair, every: int) -> list[str]:
    """The questions that the two answer differently; of the files, each so many-th is asked about."""
    wrong = [name for name, ask in layouts.QUERIES.items() if answers(pair, ask)]
    for path in pair[1].get(return_type="file")[::every]:
        wrong += [f"{name} {path}" for name, ask in layouts.OF_A_FILE.items() if answers(pair, ask, path)]
    return wrong


def answers(pair: Pair, ask: Callable[..., Any], *arguments: Any) -> bool:
    """Whether the two answers differ."""
    ours, theirs = (layouts.answer(ask, layout, *arguments) for layout in pair)
    return bool(ours != theirs)


def test_a_registry_is_laid_out_with_its_derivatives(cohort: Registry) -> None:
    ours = bids.layout(cohort.root)
    theirs = layouts.index_by_pybids(cohort.root)
    assert layouts.list_rows(ours) == layouts.list_rows(theirs)
    assert differing((ours, theirs), every=5) == []
    assert list(ours.derivatives) == ["derivatives/manual-ms"]


def write_odd(root: Path) -> None:
    """Names and sidecars at the edges of what pybids reads."""
    put = tiny_bids.put_json
    put(root, "dataset_description.json", {"Name": "odd", "BIDSVersion": "1.10.0"})
    put(root, "task-rest_bold.json", {"RepetitionTime": 2.0, "TaskName": "rest", "Empty": None})
    put(root, "run-1_bold.json", {"EchoTime": 0.03, "RepetitionTime": 9})
    put(root, "task-rest_events.json", {"onset": {}})
    tiny_bids.put(root, "task-rest_events.tsv", b"onset\n")
    put(root, "phenotype/age.json", {"age": {"Description": "years"}})
    put(root, "codebook.json", {})
    for subject in ("01", "anat", "1x"):
        folder = f"sub-{subject}/func/sub-{subject}_task-rest"
        put(root, f"{folder}_run-01_bold.json", {"SliceTiming": [0, 0.5], "Nested": {"a": 1}, "Flag": True})
        put(root, f"{folder}_run-1_events.json", {"StimulusPresentation": {}})
        for name in ("run-01_bold.nii.gz", "run-1_events.tsv", "run-01_sbref.nii.gz", "physio.tsv.gz", "bold.nii"):
            tiny_bids.put(root, f"{folder}_{name}", b"")
        put(root, f"{folder}_sbref.json", {"EchoTime": 1})
        put(
            root,
            f"sub-{subject}/fmap/sub-{subject}_phasediff.json",
            {"IntendedFor": [f"func/sub-{subject}_task-rest_bold.nii", "bids::sub-01/x.nii", "bids:else:sub-01/x.nii"]},
        )
        tiny_bids.put(root, f"sub-{subject}/fmap/sub-{subject}_phasediff.nii.gz", b"")
        tiny_bids.put(root, f"sub-{subject}/anat/sub-01_T1w.nii.gz", b"")
        tiny_bids.put(root, f"sub-{subject}/sub-{subject}_scans.tsv", b"filename\n")
        tiny_bids.put(root, f"sub-{subject}epi.nii", b"")
    made = {"DatasetType": "derivative", "GeneratedBy": [{"Name": "maker"}]}
    put(root, "derivatives/made/dataset_description.json", {"Name": "m", "BIDSVersion": "1.10.0", **made})
    put(root, "derivatives/made/sub-01/anat/sub-01_desc-x_T1w.json", {"Which": "x"})
    put(root, "derivatives/made/sub-01/anat/sub-01_T1w.json", {"Which": "any", "Other": 1})
    tiny_bids.put(root, "derivatives/made/sub-01/anat/sub-01_desc-x_hemi-L_T1w.nii.gz", b"")
    tiny_bids.put(root, "derivatives/made/logs/notes.txt", b"")
    tiny_bids.put(root, "derivatives/nothing-said/sub-01/anat/sub-01_T1w.nii.gz", b"")
    tiny_bids.put(root, "code/run.py", b"")
    tiny_bids.put(root, "sub-01/.hidden", b"")


@pytest.mark.parametrize("validate", [True, False])
def test_odd_names_are_read_as_pybids_reads_them(tmp_path: Path, validate: bool) -> None:
    write_odd(tmp_path / "odd")
    ours = bids.layout(tmp_path / "odd", tmp_path / "database", validate=validate)
    theirs = layouts.index_by_pybids(tmp_path / "odd", validate)
    assert layouts.list_rows(ours) == layouts.list_rows(theirs)


def test_in_memory_or_on_disk_the_rows_are_the_same(tmp_path: Path) -> None:
    tiny_bids.write_cohort(tmp_path / "tiny")
    kept = bids.layout(tmp_path / "tiny", tmp_path / "database")
    assert layouts.list_rows(bids.layout(tmp_path / "tiny")) == layouts.list_rows(kept)


def write_settled(root: Path) -> None:
    """The tiny cohort as if it had been written an hour ago."""
    tiny_bids.write_cohort(root)
    for path in root.rglob("*"):
        os.utime(path, (path.stat().st_atime - 3600, path.stat().st_mtime - 3600))


def test_a_database_is_written_again_only_when_the_tree_changed(tmp_path: Path) -> None:
    root, folder = tmp_path / "tiny", tmp_path / "database"
    write_settled(root)
    inode = [written(root, folder) for _ in range(2)]
    assert inode[0] == inode[1]
    sidecar = root / tiny_bids.image_path("sub-A001", extension=".json")
    sidecar.write_text(json.dumps({"MagneticFieldStrength": 7}))
    assert bids.layout(root, folder).get_metadata(root / tiny_bids.image_path("sub-A001")) == {
        "MagneticFieldStrength": 7
    }
    sidecar.unlink()
    assert bids.layout(root, folder).get_metadata(root / tiny_bids.image_path("sub-A001")) == {}


def written(root: Path, folder: Path) -> int:
    """The inode of the database: a new one where it was written again."""
    bids.layout(root, folder)
    return (folder / "layout_index.sqlite").stat().st_ino


def test_a_database_that_is_open_stays_what_it_was(tmp_path: Path) -> None:
    """Who asks while another process writes anew gets whole answers, of before or of after."""
    root, folder = tmp_path / "tiny", tmp_path / "database"
    write_settled(root)
    before = bids.layout(root, folder)
    for subject in ("sub-A008", "sub-A009"):
        tiny_bids.write_subject(root, subject)
        assert subject[4:] in bids.layout(root, folder).get_subjects()
    assert before.get_subjects()[:6] == [subject[4:] for subject in tiny_bids.SUBJECTS]
    assert not list(folder.rglob("*.sqlite.*"))


def test_chosen_files_bring_what_describes_them_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "tiny"
    tiny_bids.write_cohort(root)
    image, mask = tiny_bids.image_path("sub-A001"), tiny_bids.reading_path("sub-A001", "e02")
    found = {Path(path).relative_to(root).as_posix() for path in bids.layout(root, paths=[image, mask]).files}
    assert found == {
        image,
        image.replace(".nii.gz", ".json"),
        "sub-A001/sub-A001_sessions.tsv",
        "participants.tsv",
        "dataset_description.json",
        mask,
        mask.replace(".nii.gz", ".json"),
        "derivatives/manual-ms/dataset_description.json",
        "derivatives/manual-ms/descriptions.tsv",
    }


def test_inherited_sidecars_and_gradients_come_with_a_chosen_image(tmp_path: Path) -> None:
    tiny_bids.put_json(tmp_path, "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0"})
    stem = "sub-01/dwi/sub-01_run-1_dwi"
    kept = ["acq-x_dwi.json", "dwi.json", f"{stem}.bval", f"{stem}.bvec", f"{stem}.nii.gz", "task-x_bold.json"]
    for path in [*kept, "sub-02/dwi/sub-02_dwi.nii.gz", stem.replace("run-1", "run-2") + ".nii.gz"]:
        tiny_bids.put(tmp_path, path, b"{}")
    found = bids.layout(tmp_path, paths=[f"{stem}.nii.gz"]).files
    wanted = {"dataset_description.json", *kept} - {"acq-x_dwi.json", "task-x_bold.json"}
    assert {Path(path).relative_to(tmp_path).as_posix() for path in found} == wanted


def test_what_pybids_refuses_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"pybids refuses .*'dataset_description.json' is missing"):
        bids.layout(tmp_path)
    tiny_bids.write_cohort(tmp_path / "tiny")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written: .*file"):
        bids.layout(tmp_path / "tiny", tmp_path / "file")


@pytest.fixture
def say(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `layout` on a registry with a snapshot; gives its result."""
    monkeypatch.setattr(console.GlobalOptions, "registry", registry.root)
    app = typer.Typer()
    layout_command.commands(app)

    def run(*words: str) -> Any:
        done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        return json.loads(done.stdout)

    return run


def test_the_command_writes_where_pybids_opens(registry: Registry, say: Callable[..., Any], tmp_path: Path) -> None:
    assert say("--to", str(tmp_path / "there")) == {"database": str(tmp_path / "there")}
    place = say()["database"]
    assert Path(place) == registry.root / database.CACHE / "whole"
    opened = BIDSLayout(registry.root, database_path=place)
    assert layouts.list_rows(opened) == layouts.list_rows(layouts.index_by_pybids(registry.root))


def test_a_snapshot_limits_the_layout(registry: Registry, say: Callable[..., Any]) -> None:
    frozen = snapshots.create(registry, "flair", "main", parse_policy(["expert:e01"]))
    opened = BIDSLayout(registry.root, database_path=say("--snapshot", frozen.snapshot_id[:8])["database"])
    images = {Path(path) for path in opened.get(extension="nii.gz", return_type="file")}
    assert images == {registry.root / file.path for file in frozen.files()}
