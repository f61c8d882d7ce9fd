"""The page of runs with a finished, a running, a failed run; what a run wrote is read without torch."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry import snapshots
from registry.files import locks
from registry.manifests import Manifest
from registry.store import Registry
from tests.support import training_work
from tests.support.app.pages import open_page, texts
from tests.support.cohorts.app_cohort import RUN
from training.engine import progress
from training.pages import run_files


def made(registry: Registry) -> tuple[Path, Manifest]:
    """A finished run with scores: each next sample is answered worse."""
    manifest = snapshots.get(registry, snapshots.list_snapshots(registry)[0].snapshot_id)
    training_work.add(registry, RUN, manifest.snapshot_id, "finished")
    folder = registry.runs / RUN
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "report.html").write_text("<h1>Report</h1>")
    lines = [
        {
            "event": "epoch",
            "epoch": n,
            "elapsed_s": 30 * n,
            "loss": 1 / n,
            "validation_dice": 0.2 * n if n % 2 else None,
        }
        for n in (1, 2, 3)
    ]
    (folder / "progress.jsonl").write_text("\n".join([*map(json.dumps, lines), '{"event": "epo']))
    write_scores(folder, manifest)
    return folder, manifest


def write_scores(folder: Path, manifest: Manifest) -> None:
    rows = [
        {
            "source": source,
            "part": "test",
            "sample": sample.sample,
            "site": sample.site,
            "label_name": "lesion",
            "dice": "n/a" if number == 0 else 0.9 - number / 10,
            "hd95_mm": 3.5,
            "assd_mm": 1,
            "nsd": 0.5,
            "reference_mm3": 1000,
            "predicted_mm3": 900,
        }
        for number, sample in enumerate(manifest.samples)
        for source in ("model", "e01")
    ]
    with (folder / "scores.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    spread = {"mean": 0.61, "ci95": [0.5, 0.7], "sd": 0.1, "median": 0.6}
    part = {
        "source": "model",
        "part": "test",
        "label": "lesion",
        "n": 7,
        "n_persons": 5,
        "n_na": 1,
        "n_failed": 0,
        "dice": spread,
        "hd95_mm": spread,
        "assd_mm": None,
        "lesion_recall": 0.5,
    }
    (folder / "evaluation.json").write_text(json.dumps({"parts": [part, {**part, "source": "e01"}]}))


def test_epochs_survive_a_torn_line_and_a_repeated_epoch(tmp_path: Path) -> None:
    told = [(1, 8, 6, 0.9, None), (2, 16, 12, 0.7, None), (2, 16, 12, None, 0.4)]
    keys = ("epoch", "step", "elapsed_s", "loss", "validation_dice")
    lines: list[Any] = [{"event": "epoch", **dict(zip(keys, values, strict=True))} for values in told]
    (tmp_path / "progress.jsonl").write_text("\n".join([*map(json.dumps, lines), '{"eve']))
    found = progress.read(tmp_path / "progress.jsonl")
    assert [(line["epoch"], line["loss"]) for line in found] == [(1, 0.9), (2, 0.7)]
    assert run_files.curve(found, "validation_dice") == [{"minutes": 0.2, "epoch": 2, "value": 0.4}]
    assert progress.read(tmp_path / "nowhere.jsonl") == []


def test_worst_cases_come_worst_first_and_name_their_image(writable: Registry) -> None:
    folder, manifest = made(writable)
    cases = run_files.worst(run_files.scores(folder), run_files.columns(folder), manifest, "test", most=3)
    dice = [case.values["dice"] or 0.0 for case in cases]
    assert dice == sorted(dice)
    assert cases[0].subject == manifest.samples[-1].subject
    assert {case.image for case in cases} == {"FLAIR"}


def test_a_finished_run_shows_scores_and_leads_to_its_worst_cases(writable: Registry) -> None:
    made(writable)
    test = open_page(writable, "runs", run=RUN)
    assert not test.exception
    scores = next(frame.value for frame in test.dataframe if "Dice" in frame.value)
    assert list(scores["Dice"]) == ["0.610 [0.500, 0.700]"]
    assert list(scores["Found"]) == [50.0]
    assert "Lowest Dice of the test part" in texts(test)


@pytest.mark.parametrize(
    ("message", "said"), [("KeyboardInterrupt", "stopped before"), ("The disk is full.", "The disk is full\\.")]
)
def test_a_failed_run_says_why(writable: Registry, message: str, said: str) -> None:
    made(writable)
    training_work.note(writable, RUN, state="failed", message=message)
    test = open_page(writable, "runs")
    assert said in test.error[0].value
    assert "KeyboardInterrupt" not in texts(test) + test.error[0].value, "no name of Python's is shown"


def test_a_running_run_shows_how_far_it_is(writable: Registry) -> None:
    made(writable)
    training_work.note(writable, RUN, state="running", done=30, total=120)
    with locks.lock(writable, f"work/{RUN}.alive"):
        test = open_page(writable, "runs")
    assert not test.exception
    assert test.dataframe[0].value["Progress"][0] == 0.25


def test_pages_of_training_load_no_torch() -> None:
    code = "import sys, training.pages; sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
