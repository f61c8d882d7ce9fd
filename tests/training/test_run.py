"""A run can be killed at any moment and goes on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from registry import manifests
from registry.errors import ConfigError, IntegrityError, InvalidInput, SplitError, UsageError
from registry.files.canonical import canonical_json, sha256_file
from tests.support import ROOT
from tests.training.conftest import OLD, Cohort, make_manifest, old_weights
from training.engine import progress, weights
from training.record import run_record
from training.record.budget import format_budget
from training.run import BEST, LAST, MODEL, train
from training.spec import CONFIGS, Config, dumps, load


class Stop(Exception):
    """Stands for a power cut."""


def stop_after(steps: int) -> Callable[[int, int, str], None]:
    """A progress callback that raises at the given training step."""
    seen = 0

    def report(_: int, total: int, __: str) -> None:
        nonlocal seen
        seen += total == 1000
        if seen == steps:
            raise Stop

    return report


def test_a_run_leaves_what_it_promises(finished: Path, cohort: Cohort, tiny: Config) -> None:
    record = run_record.read(finished)
    assert record["status"] == "trained"
    assert record["data"]["snapshot"] == cohort.manifest.snapshot_id
    assert record["data"]["reference_channel"] == "FLAIR"
    assert len(record["data"]["files"]) == len(cohort.manifest.files())
    settled = replace(tiny, recipe=replace(tiny.recipe, orientation="LSA"))
    assert (finished / "config.toml").read_text() == dumps(settled)
    assert manifests.decode((finished / "snapshot.json.gz").read_bytes()) == cohort.manifest
    assert {entry["path"]: entry["sha256"] for entry in record["checkpoints"]} == {
        path: sha256_file(finished / path) for path in (BEST, LAST, MODEL)
    }
    lines = progress.read(finished / "progress.jsonl")
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert {"step", "loss", "lr", "data_s", "seconds", "elapsed_s", "memory_mb", "validation_dice"} <= set(lines[0])
    assert record["selection"]["dice"] == max(line["validation_dice"] for line in lines)


def test_every_null_in_the_record_has_a_reason(finished: Path) -> None:
    record = run_record.read(finished)

    def nulls(value: object, where: str) -> list[str]:
        if isinstance(value, dict):
            return [path for key, item in value.items() for path in nulls(item, f"{where}.{key}".lstrip("."))]
        return [where] if value is None else []

    assert set(nulls({k: v for k, v in record.items() if k != "null_reasons"}, "")) == set(record["null_reasons"])


def test_a_record_that_was_edited_is_refused(finished: Path, tmp_path: Path) -> None:
    text = (finished / "run.json").read_text().replace('"trained"', '"perfect"')
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(IntegrityError, match="changed after it was written"):
        run_record.read(tmp_path)


def test_run_ids_are_labels_that_sort_by_time() -> None:
    first = run_record.new_run_id()
    time.sleep(0.03)
    second = run_record.new_run_id()
    assert first < second
    assert run_record.require_run_id(first) == first
    with pytest.raises(UsageError, match="cannot be a run's name"):
        run_record.require_run_id("my-run")


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_a_resumed_run_has_the_same_weights_bit_for_bit(
    steps: int, finished: Path, cohort: Cohort, tiny: Config, tmp_path: Path
) -> None:
    folder = tmp_path / "tinyrun"
    with pytest.raises(Stop):
        train(tiny, cohort.manifest, cohort.root, folder, progress=stop_after(steps))
    assert run_record.read(folder)["status"] == "failed"
    result = train(tiny, cohort.manifest, cohort.root, folder, resume=True)
    assert result.status == "trained"
    again, before = (run_record.read(path) for path in (folder, finished))
    assert (folder / MODEL).read_bytes() == (finished / MODEL).read_bytes()
    assert again["predictions"] == before["predictions"]
    losses = [[line["loss"] for line in progress.read(path / "progress.jsonl")] for path in (folder, finished)]
    assert losses[0] == losses[1]


def test_a_run_that_an_older_version_started_is_resumed(
    finished: Path, cohort: Cohort, tiny: Config, tmp_path: Path
) -> None:
    """Its configuration is laid out otherwise, its checkpoint was hashed over that text, its tensors lie otherwise."""
    folder = tmp_path / "tinyrun"
    with pytest.raises(Stop):
        train(tiny, cohort.manifest, cohort.root, folder, progress=stop_after(5))
    text = OLD.read_text()
    (folder / "config.toml").write_text(text)
    tensors, note = weights.read(folder / LAST)
    identity = {"config": text, "snapshot": cohort.manifest.snapshot_id}
    note["identity"] = hashlib.sha256(canonical_json(identity)).hexdigest()
    (folder / LAST).write_bytes(old_weights(tensors, {"cohortium": json.dumps(note, sort_keys=True)}))
    kept, measured = weights.read(folder / BEST)
    (folder / BEST).write_bytes(old_weights(kept, {key: str(value) for key, value in measured.items()}))
    train(tiny, cohort.manifest, cohort.root, folder, resume=True)
    assert (folder / "config.toml").read_text() == text
    (again, _), (before, _) = (weights.read(path / MODEL) for path in (folder, finished))
    assert {name: value.tolist() for name, value in again.items()} == {n: v.tolist() for n, v in before.items()}
    assert run_record.read(folder)["predictions"] == run_record.read(finished)["predictions"]


@pytest.mark.slow
def test_a_run_killed_with_sigkill_goes_on(cohort: Cohort, tiny: Config, tmp_path: Path) -> None:
    endless = replace(tiny, training=replace(tiny.training, epochs=400))
    config, out = tmp_path / "endless.toml", tmp_path / "runs"
    config.write_text(dumps(endless))
    words = [
        sys.executable,
        "-m",
        "training",
        "train",
        str(config),
        "--manifest",
        str(cohort.file),
        "--root",
        str(cohort.root),
        "--output",
        str(out),
        "--run",
        "killed",
    ]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not (out / "killed" / LAST).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = progress.read(out / "killed" / "progress.jsonl")
    with pytest.raises(Stop):
        train(endless, cohort.manifest, cohort.root, out / "killed", resume=True, progress=stop_after(6))
    after = progress.read(out / "killed" / "progress.jsonl")
    assert before[0]["epoch"] == 1
    assert len(after) > len(before)
    assert [line["epoch"] for line in after] == list(range(1, len(after) + 1))
    assert after[: len(before) - 1] == before[:-1]


def test_a_minutes_budget_ends_and_the_last_weights_are_measured(cohort: Cohort, tiny: Config, tmp_path: Path) -> None:
    told = replace(tiny, training=replace(tiny.training, epochs=None, max_minutes=0.02, validate_every=10**6))
    result = train(told, cohort.manifest, cohort.root, tmp_path / "short")
    assert result.seconds >= 1.2
    lines = progress.read(tmp_path / "short" / "progress.jsonl")
    assert lines[-1]["lr"] < told.training.lr
    assert lines[-1]["validation_dice"] is not None, "the last weights are always measured"
    record = run_record.read(tmp_path / "short")
    assert record["progress"]["ended_by"] == "minutes"
    epochs = "1 epoch" if result.epochs == 1 else f"{result.epochs} epochs"
    assert format_budget(record).startswith(f"Trained for {epochs}, all that 0.02 minutes allowed")


def test_a_run_that_did_all_its_epochs_says_so(finished: Path) -> None:
    record = run_record.read(finished)
    assert record["progress"]["ended_by"] == "epochs"
    assert format_budget(record) == "Trained for 3 epochs, as the configuration says."
    both = {**record, "training": {**record["training"], "epochs": 9, "max_minutes": 2.0}}
    assert format_budget(both).startswith("Trained for 3 epochs of 9, all that 2 minutes allowed on this machine")
    assert format_budget({**record, "progress": None}) == ""


@pytest.mark.parametrize("name", sorted(path.stem for path in CONFIGS.glob("*.toml")))
def test_what_is_delivered_ends_after_epochs_and_not_after_minutes(name: str) -> None:
    settings = load(name).training
    assert settings.epochs
    assert settings.max_minutes is None


def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    cohort: Cohort, tiny: Config, tmp_path: Path, finished: Path
) -> None:
    out, manifest = tmp_path / "none", cohort.manifest
    first, *others = manifest.samples
    leak = make_manifest([replace(first, person=others[-1].person), *others])
    empty = make_manifest([replace(s, part="test") for s in manifest.samples])
    test = next(sample for sample in manifest.samples if sample.part == "test")
    twice = make_manifest([*manifest.samples, replace(test, sample="another")])
    other = replace(tiny, data=replace(tiny.data, channels=("T2w",)))
    for config, cohort_, kind, message in (
        (tiny, leak, SplitError, "same person is in test and train: .*sub-07.* and .*sub-00"),
        (tiny, empty, InvalidInput, "no sample in its train part"),
        (other, manifest, ConfigError, "no channel 'T2w'"),
        (tiny, replace(manifest, labels={**manifest.labels, "2": "ignore"}), InvalidInput, "nobody judged"),
        (tiny, twice, UsageError, f"predictions of {test.sample} and another would share the name"),
    ):
        with pytest.raises(kind, match=message):
            train(config, cohort_, cohort.root, out)
        assert not out.exists()
    with pytest.raises(UsageError, match="not empty"):
        train(tiny, manifest, cohort.root, finished)
    with pytest.raises(ConfigError, match="started with another configuration"):
        train(replace(tiny, seed=99), manifest, cohort.root, finished, resume=True)
    with pytest.raises(UsageError, match="no run 'none' to resume"):
        train(tiny, manifest, cohort.root, out, resume=True)


def test_files_that_do_not_fit_the_snapshot_fail_with_a_sentence(cohort: Cohort, tiny: Config, tmp_path: Path) -> None:
    first, *others = cohort.manifest.samples
    changed = replace(first.images["T1w"], sha256="0" * 64)
    absent = replace(first.images["T1w"], path="sub-99/none_T1w.nii.gz")
    cases = [
        (replace(first, images={**first.images, "T1w": changed}), IntegrityError, "not the file that was frozen"),
        (replace(first, images={**first.images, "T1w": absent}), IntegrityError, "sub-99/none_T1w.nii.gz is missing"),
        (replace(first, images={"FLAIR": first.images["FLAIR"]}), InvalidInput, "has no T1w image"),
        (replace(first, truths=()), InvalidInput, "has no target mask"),
    ]
    for number, (sample, kind, message) in enumerate(cases):
        out = tmp_path / f"run{number}"
        with pytest.raises(kind, match=message):
            train(tiny, make_manifest([sample, *others]), cohort.root, out)
        record = json.loads((out / "run.json").read_text())
        assert record["status"] == "failed"
        assert message in record["error"]
