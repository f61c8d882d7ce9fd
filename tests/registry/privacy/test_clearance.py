"""Human verdicts on burned-in text and faces: recorded, listed, and asked before assignment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from curation.cli import commands
from registry.cli.console import GlobalOptions
from registry.errors import NotFound, UsageError
from registry.files.canonical import read_tsv
from registry.files.volumes import save
from registry.maintenance.rebuild import rebuild
from registry.privacy.clearance import PRIVACY, Answer, Question, blockers, is_cleared, list_verdicts, record
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import Registry

SUBJECT, SESSION = "sub-A1", "sub-A1/ses-01"
IMAGE, OTHER = f"{SESSION}/anat/sub-A1_ses-01_T1w.nii.gz", f"{SESSION}/anat/sub-A1_ses-01_T2w.nii.gz"


@pytest.fixture
def registry(empty: Registry) -> Registry:
    publish(empty, Change("import", "Import two images"), images)
    commit_pending(empty)
    return empty


def images(tree: Path) -> None:
    for path in (IMAGE, OTHER):
        save(tree / path, np.zeros((3, 3, 3), np.uint8), np.eye(4))


def clear(registry: Registry, unit: str) -> None:
    for question in Question:
        record(registry, unit, question, Answer.CLEAR)


def test_nothing_is_cleared_before_somebody_looked(registry: Registry) -> None:
    assert blockers(registry, IMAGE) == {Question.BURNED_IN_TEXT: None, Question.FACE: None}
    assert not is_cleared(registry, IMAGE)


def test_a_session_s_verdict_counts_for_its_images(registry: Registry) -> None:
    clear(registry, SESSION)
    assert is_cleared(registry, IMAGE)
    assert is_cleared(registry, f"derivatives/images-x/{IMAGE}")
    assert not is_cleared(registry, SUBJECT)


def test_the_nearest_verdict_counts_and_a_whole_is_no_clearer_than_its_parts(registry: Registry) -> None:
    clear(registry, SUBJECT)
    record(registry, IMAGE, Question.FACE, Answer.PRESENT)
    assert blockers(registry, IMAGE) == {Question.FACE: Answer.PRESENT}
    assert is_cleared(registry, OTHER)
    assert blockers(registry, SESSION) == blockers(registry, SUBJECT) == {Question.FACE: Answer.PRESENT}


def test_unknown_is_not_clear(registry: Registry) -> None:
    clear(registry, IMAGE)
    record(registry, IMAGE, Question.FACE, Answer.UNKNOWN)
    assert blockers(registry, IMAGE) == {Question.FACE: Answer.UNKNOWN}


def test_verdicts_are_in_the_file_of_record_and_survive_a_rebuild(registry: Registry) -> None:
    record(registry, IMAGE, Question.FACE, Answer.PRESENT)
    record(registry, IMAGE, Question.FACE, Answer.CLEAR)
    commit_pending(registry)
    before = list_verdicts(registry)
    rows = [tuple(row.values()) for row in read_tsv(registry.root / PRIVACY)]
    assert rows == [(IMAGE, "face", "clear", "local")]
    rebuild(registry)
    assert list_verdicts(registry) == before


def test_an_unknown_unit_is_refused(registry: Registry) -> None:
    with pytest.raises(NotFound, match="sub-ZZ"):
        record(registry, "sub-ZZ", Question.FACE, Answer.CLEAR)


def test_the_commands_record_list_and_scan(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", registry.root)
    app = typer.Typer()
    commands(app)
    run = CliRunner().invoke
    assert json.loads(run(app, ["privacy", "record", IMAGE, "face", "clear", "--json"]).stdout)["verdict"] == "clear"
    assert len(json.loads(run(app, ["privacy", "list", "--json"]).stdout)["verdicts"]) == 1
    assert isinstance(run(app, ["privacy", "record", IMAGE, "hair", "clear"]).exception, UsageError)
    clean = run(app, ["deidentify", "scan", "--json"])
    assert (clean.exit_code, json.loads(clean.stdout)["counts"]["name"]) == (0, 0)
    (registry.root / "sub-A1/note.json").write_text(json.dumps({"PatientName": "x"}))
    assert run(app, ["deidentify", "scan"]).exit_code == 7
