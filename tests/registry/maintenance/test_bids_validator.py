"""The official validator: what it says is told in one sentence each, and no silence of it reads as a pass."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tests.support.cohorts.importer_twins as twins
from registry.cli.main import app
from registry.maintenance import bids_validator, validation
from registry.maintenance.creation import create
from registry.store import Registry
from registry.vocabulary.findings import Severity

installed = pytest.mark.skipif(bids_validator.find_program() is None, reason="the official validator is not installed")

NOTHING_SAID: dict[str, str] = {
    "an empty answer": "exit 1",
    "a traceback": "echo 'error: Uncaught (in promise)' >&2; exit 1",
    "half an answer": """printf '{"issues": {"issues": [{"code"'""",
    "an answer of another form": "echo '[]'",
    "no list of issues": """echo '{"issues": {"issues": null}}'""",
    "files that it may not read": json.dumps(
        {"issues": {"issues": [{"code": "FILE_READ", "subCode": "NotCapable", "severity": "error", "location": "/x"}]}}
    ).join(("echo '", "'")),
}


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that puts a script in the place of the validator."""

    def put(script: str) -> None:
        program = twins.write(tmp_path / "validator", f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(bids_validator, "find_program", lambda: str(program))

    return put


@pytest.mark.parametrize("case", NOTHING_SAID)
def test_a_validator_that_gives_no_result_is_an_error_with_a_hint(
    cohort: Registry, instead: Callable[[str], None], case: str
) -> None:
    instead(NOTHING_SAID[case])
    found = [item for item in validation.validate(cohort).errors if item.code == "validator-failed"]
    assert found
    assert found[0].message.startswith("The official BIDS validator gave no result. Run it by hand to see why: ")


def test_a_program_that_does_not_start_gave_no_result(
    shared: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bids_validator, "find_program", lambda: str(tmp_path / "gone"))
    assert "validator-failed" in {item.code for item in validation.validate(shared).errors}


def test_a_program_that_never_ends_gave_no_result(
    shared: Registry, instead: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bids_validator, "_LIMIT_S", 0.05)
    instead("exec sleep 60")
    assert "validator-failed" in {item.code for item in validation.validate(shared).errors}


def test_no_validator_is_told_and_no_error(shared: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bids_validator, "find_program", lambda: None)
    report = validation.validate(shared)
    told = [item for item in report.findings if item.code == "validator-absent"]
    assert [item.severity for item in told] == [Severity.WARNING]
    assert "not installed" in told[0].message
    assert "pip install bids-validator-deno" in told[0].message
    assert report.ok
    assert "bids-validator-deno" not in report.ran


@installed
@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no folder below /dev")
def test_a_dataset_below_dev_is_told_from_a_valid_one_also_through_a_link(tmp_path: Path) -> None:
    folder = Path("/dev/shm") / f"cohortium-test-{os.getpid()}"
    try:
        twins.write_json(folder / "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0"})
        twins.put(folder / "sub-01/anat/sub-01_T1w.nii.gz", twins.voxels(1))
        (tmp_path / "link").symlink_to(folder)
        for place in (folder, tmp_path / "link"):
            with pytest.raises(bids_validator.ValidatorFailed) as failed:
                bids_validator.list_issues(place, "")
            assert "below /dev" in failed.value.hint
    finally:
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        folder.rmdir()


@pytest.mark.parametrize("issue", [{"severity": "error", "location": "/sub-01"}, {"code": "X"}, "words", None, 3])
def test_an_answer_in_another_form_is_no_result(tmp_path: Path, instead: Callable[[str], None], issue: object) -> None:
    twins.write_json(tmp_path / "answer", {"issues": {"issues": [issue]}})
    instead(f"cat {tmp_path / 'answer'}")
    with pytest.raises(bids_validator.ValidatorFailed):
        bids_validator.list_issues(tmp_path, "")


def test_an_issue_is_told_in_one_sentence_on_one_line(tmp_path: Path, instead: Callable[[str], None]) -> None:
    issues: list[dict[str, Any]] = [
        {
            "code": "SIDECAR_KEY_REQUIRED",
            "subCode": "InversionTime",
            "severity": "error",
            "location": "/sub-01/anat/a.nii.gz",
            "issueMessage": "Field description: The inversion time\nin seconds.\nInversion time is more than that.\n",
        },
        {"code": "BOLD_NOT_4D", "severity": "error", "location": "/sub-01/func/b.nii.gz"},
        {"code": "NO_WORDS", "severity": "warning"},
        {"code": "HIDDEN", "severity": "ignore", "location": "/x"},
    ]
    words = {"BOLD_NOT_4D": "Bold scans must be 4 dimensional.\n\nSee the standard."}
    twins.write_json(tmp_path / "answer", {"issues": {"issues": issues, "codeMessages": words}})
    instead(f"cat {tmp_path / 'answer'}")
    found = bids_validator.list_issues(tmp_path, "derivatives/d")
    assert [(item.code, item.path, item.message, item.field, item.is_error) for item in found] == [
        (
            "SIDECAR_KEY_REQUIRED",
            "derivatives/d/sub-01/anat/a.nii.gz",
            "InversionTime The inversion time in seconds",
            "InversionTime",
            True,
        ),
        ("BOLD_NOT_4D", "derivatives/d/sub-01/func/b.nii.gz", "Bold scans must be 4 dimensional", "", True),
        ("NO_WORDS", "derivatives/d", "NO_WORDS", "", False),
    ]


@installed
def test_a_new_registry_has_no_error(tmp_path: Path) -> None:
    registry = create(tmp_path / "new")
    assert validation.validate(registry).errors == []
    result = CliRunner().invoke(app, ["--registry", str(registry.root), "validate"])
    assert result.exit_code == 0, result.stdout
    registry.engine.dispose()


@installed
def test_images_that_are_named_in_bidsignore_are_counted(tmp_path: Path) -> None:
    twins.write_json(tmp_path / "dataset_description.json", {"Name": "x", "BIDSVersion": "1.10.0"})
    for inversion in (1, 2):
        twins.put(tmp_path / f"sub-01/anat/sub-01_inv-{inversion}_MP2RAGE.nii.gz", twins.voxels(1))
    assert {item.code for item in validation.run_validator(tmp_path, "")} >= {"SIDECAR_KEY_REQUIRED"}
    lines = [f"sub-01/anat/sub-01_inv-{inversion}_MP2RAGE.*" for inversion in (1, 2)]
    twins.write(tmp_path / ".bidsignore", "logs/\n" + "\n".join(lines))
    found = {item.code: item for item in validation.run_validator(tmp_path, "")}
    assert not [item for item in found.values() if item.severity is Severity.ERROR]
    assert "2 images" in found["bids-ignored"].message
