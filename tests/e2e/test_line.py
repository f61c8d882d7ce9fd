"""The whole line by its commands: snapshot, run, scores, predictions, record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from registry.store import open_registry
from registry.tables import Prediction
from tests.e2e.conftest import DEMO
from tests.support.shell import TINY, shell

REGISTRY = "--registry build/demo"


def answer(place: Path, words: str) -> Any:
    """What a command prints with --json."""
    return json.loads(shell(f"cohortium {REGISTRY} {words} --json", place))


@pytest.fixture(scope="module")
def trained(place: Path) -> dict[str, Any]:
    """One run on the demo's snapshot, which waited in the queue until a worker did it."""
    (place / "tiny.toml").write_text(TINY)
    snapshot = answer(place, "snapshot list")["snapshots"][0]["snapshot_id"]
    queued = answer(place, f"train tiny.toml --snapshot {snapshot} --queue")
    shell(f"cohortium {REGISTRY} worker --once", place)
    return {"snapshot": snapshot, **queued}


def test_a_run_leaves_a_record_that_names_its_snapshot_and_every_file(place: Path, trained: dict[str, Any]) -> None:
    published = place / "build/demo/code/registry/runs" / trained["run"]
    record = json.loads((published / "run.json").read_text())
    assert record["data"]["snapshot"] == trained["snapshot"]
    assert {len(file["sha256"]) for file in record["data"]["files"]} == {64}
    assert (published / "model.safetensors").stat().st_size > 0


def test_predictions_are_known_to_the_registry_by_image_and_run(place: Path, trained: dict[str, Any]) -> None:
    with open_registry(place / "build/demo").reading() as database:
        found = database.exec(select(Prediction).where(Prediction.run_id == trained["run"])).all()
    assert found
    assert {row.image_path.rpartition("_")[2] for row in found} == {"FLAIR.nii.gz"}


def test_scores_are_printed_per_part_and_written_as_a_table(place: Path, trained: dict[str, Any]) -> None:
    scored = answer(place, f"evaluate {trained['run']}")
    assert {row["part"] for row in scored["parts"]} >= {"validation", "test"}
    assert Path(scored["table"]).read_text().count("\n") > 1
    assert "<svg" in Path(scored["report"]).read_text()
    assert answer(place, "validate --no-bids")["ok"]


def test_new_images_get_label_maps_under_their_own_names(place: Path, trained: dict[str, Any]) -> None:
    scans = place / "new-scans"
    scans.mkdir()
    session = next((place / "build/demo-delivery").glob("sub-*/ses-*/anat"))
    for image in session.glob("*.nii.gz"):
        shutil.copy(image, scans)
    shell(f"cohortium {REGISTRY} predict --run {trained['run']} --input new-scans --output new-masks", place)
    assert [path.name for path in (place / "new-masks").iterdir()] == [
        path.name for path in scans.glob("*FLAIR.nii.gz")
    ]


def test_a_queued_run_is_done_by_a_worker(place: Path, trained: dict[str, Any]) -> None:
    runs = {run["run_id"]: run for run in answer(place, "runs list")["runs"]}
    assert runs[trained["run"]]["status"] == "finished"
    assert runs[trained["run"]]["scores"]


def test_a_second_demo_in_the_same_place_only_says_where_things_are(place: Path) -> None:
    before = shell("git -C build/demo rev-parse HEAD", place)
    shell(f"cohortium demo build/demo {DEMO}", place)
    assert shell("git -C build/demo rev-parse HEAD", place) == before
