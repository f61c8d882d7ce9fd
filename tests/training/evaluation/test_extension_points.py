"""A metric and a profile are added by one file each; tables, summaries, report and pages follow the profile."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support import ROOT
from tests.support.volume_profile import VOLUME_ERROR, VOLUMES, Presence
from tests.training.conftest import TINY, Cohort
from training.evaluation.metrics.table import METRICS
from training.evaluation.profiles.default import DEFAULT
from training.evaluation.profiles.profile import Profile, describe
from training.evaluation.profiles.table import PROFILES, read_columns
from training.evaluation.results import read_evaluation
from training.evaluation.scoring import evaluate
from training.pages import run_files
from training.record import run_record
from training.report import write_report

BOX = np.zeros((4, 4, 4), dtype=bool)
BOX[1:3, 1:3, 1:3] = True


def scored_by(profile: Profile, finished: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run that was told to use a profile."""
    monkeypatch.setitem(PROFILES, profile.name, profile)
    run = folder / "tinyrun"
    shutil.copytree(finished, run)
    config = run / "config.toml"
    config.write_text(config.read_text().replace('profile = "default"', f'profile = "{profile.name}"'))
    return run


def test_a_metric_from_outside_is_a_column_everywhere(
    finished: Path, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = scored_by(VOLUMES, finished, tmp_path, monkeypatch)
    found = evaluate(run, cohort.manifest, cohort.root)
    rows = list(csv.DictReader((run / "scores.csv").open()))
    assert "dice" not in rows[0]
    for row in rows:
        sizes = float(row["reference_mm3"]), float(row["predicted_mm3"])
        if row["status"] == "both_empty":
            assert row["volume_error_mm3"] == "n/a"
        else:
            error = abs(sizes[0] - sizes[1]) if row["status"] == "scored" else 1000
            assert float(row["volume_error_mm3"]) == pytest.approx(error)
    assert all("volume_error_mm3" in part and "lesion_recall" in part for part in found.parts)
    assert "Volume error" in found.text()
    report = write_report(run, cohort.manifest, cohort.root).read_text()
    assert "Volume error mm3" in report
    assert "HD95" not in report
    record = run_record.read(run)["evaluation"]
    assert (record["profile"], record["profile_sha256"]) == ("volumes", describe(VOLUMES)["sha256"])


def test_pages_read_the_columns_of_a_profile_that_is_not_there(
    finished: Path, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table states its columns, so that whoever looks at it needs no code of the profile."""
    run = scored_by(VOLUMES, finished, tmp_path, monkeypatch)
    evaluate(run, cohort.manifest, cohort.root)
    monkeypatch.delitem(PROFILES, "volumes")
    columns = run_files.columns(run)
    assert columns == {"volume_error_mm3": VOLUME_ERROR.column}
    cases = run_files.worst(run_files.scores(run), columns, cohort.manifest, "test")
    errors = [case.values["volume_error_mm3"] or 0.0 for case in cases]
    assert errors
    assert errors == sorted(errors, reverse=True), "the largest error is the worst"


def test_a_profile_with_code_of_its_own(
    finished: Path, cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = scored_by(Presence(), finished, tmp_path, monkeypatch)
    found = evaluate(run, cohort.manifest, cohort.root)
    assert all(part["n_right"] == sum([part["right"]["mean"] * part["n"]]) for part in found.parts)
    assert (run / "lesions.csv").read_text().count("\n") == 1
    assert "Right" in write_report(run, cohort.manifest, cohort.root).read_text()


def test_tables_of_before_have_the_columns_of_default(finished: Path) -> None:
    """Score tables written before profiles stated their columns, and none at all."""
    evaluation = read_evaluation(finished)
    assert evaluation is not None
    old = {**evaluation, "profile": {"name": "default", "version": 1, "definitions": "x", "sha256": "0" * 64}}
    assert read_columns(old) == read_columns({}) == read_columns(evaluation) == DEFAULT.columns


def test_a_profile_is_known_by_its_values_never_by_its_words() -> None:
    sha256 = describe(DEFAULT)["sha256"]
    assert describe(replace(DEFAULT, definitions="other words"))["sha256"] == sha256
    retitled = replace(METRICS["dice"], column=replace(METRICS["dice"].column, title="F1", about="else"))
    assert describe(replace(DEFAULT, measures=(retitled, *DEFAULT.measures[1:])))["sha256"] == sha256
    changed = [
        replace(DEFAULT, connectivity=6),
        replace(DEFAULT, match=0.1),
        replace(DEFAULT, penalise_empty=False),
        replace(DEFAULT, bands_mm3=DEFAULT.bands_mm3[1:]),
        replace(DEFAULT, version=2),
        replace(DEFAULT, measures=DEFAULT.measures[1:]),
        replace(DEFAULT, measures=(replace(METRICS["dice"], version=2), *DEFAULT.measures[1:])),
        replace(DEFAULT, measures=(replace(METRICS["dice"], penalty=1.0), *DEFAULT.measures[1:])),
    ]
    assert len({sha256, *(describe(profile)["sha256"] for profile in changed)}) == len(changed) + 1
    json.dumps(describe(DEFAULT), allow_nan=False)


def test_connectivity_and_match_are_what_they_say() -> None:
    corner = np.zeros((4, 4, 4), dtype=bool)
    corner[0, 0, 0] = True
    pair = corner | BOX
    by = {n: replace(DEFAULT, connectivity=n).score(pair, pair, np.eye(4)).image for n in (6, 26)}
    assert (by[6]["lesions_reference"], by[26]["lesions_reference"]) == (2, 1)
    half = BOX.copy()
    half[2] = False
    for match, detected in ((0.0, 1), (0.49, 1), (0.5, 0)):
        counts = replace(DEFAULT, match=match).score(BOX, half, np.eye(4)).image
        assert counts["lesions_detected"] == detected, "half of the lesion is covered"
        assert counts["lesions_false"] == 0, "all of the answer is covered"


def test_an_empty_side_has_no_value_where_the_policy_says_so() -> None:
    image = replace(DEFAULT, penalise_empty=False).score(BOX, np.zeros_like(BOX), np.eye(4)).image
    assert image["status"] == "prediction_empty"
    assert [image[name] for name in DEFAULT.columns] == [None] * 4


def test_the_empty_policy_is_told_from_the_metrics() -> None:
    assert DEFAULT.empty_policy == (
        "both empty: no value, counted in n_na; one empty: 0 for Dice and NSD 1 mm, the image diagonal for HD95 and "
        "ASSD, counted in n_failed"
    )


def test_an_unknown_profile_is_refused_before_training(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(TINY + 'profile = "lesion"\n')
    told = ["train", tmp_path / "x.toml", "--manifest", cohort.file, "--root", cohort.root, "--output", tmp_path / "o"]
    done = subprocess.run(
        [sys.executable, "-m", "training", *map(str, told)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "There is no evaluation profile 'lesion'." in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o").exists()
