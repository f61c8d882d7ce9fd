"""DICOM into a registry: no path is kept, a person is known again, the salt is its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from curation import recipes
from curation.cli import commands
from curation.dicom.names import plan
from curation.dicom.pseudonyms import of_registry
from curation.dicom.survey import DicomSettings, survey
from curation.imports.delivery import import_delivery
from registry.cli.console import GlobalOptions
from registry.errors import InvalidInput, UsageError
from registry.files.canonical import read_tsv
from registry.privacy.scan import scan
from registry.store import Registry
from tests.support.dicom import twins
from tests.support.dicom.importing import SECRETS, edited, nothing
from tests.support.dicom.twins import Series


@pytest.fixture
def registry(empty: Registry) -> Registry:
    return empty


def test_the_registry_keeps_no_path_and_knows_a_person_again(registry: Registry, tmp_path: Path) -> None:
    source = tmp_path / "first"
    twins.write(source / twins.NAME, Series())
    (source / f"{twins.NAME}.txt").write_text("no DICOM")
    report = import_delivery(registry, "dicom", source)
    assert [item.path for item in report.refused] == [f"{twins.NAME}.txt"]  # whoever imports sees the file's name
    (kept,) = (registry.root / "code/registry/imports").glob("*.json")
    assert not [word for word in SECRETS if word in kept.read_text()]
    assert scan(registry.root).ok

    twins.write(tmp_path / "same", Series("T2", number=2, more=twins.T2))
    import_delivery(registry, "dicom", tmp_path / "same")
    (sessions,) = registry.root.glob("sub-*/sub-*_sessions.tsv")
    assert [row["session_id"] for row in read_tsv(sessions)] == ["ses-01"]

    twins.write(tmp_path / "later", Series(number=3, date="20020304"))
    with pytest.raises(InvalidInput, match="The registry holds other sessions"):
        import_delivery(registry, "dicom", tmp_path / "later")
    known = replace(
        recipes.load("dicom"), options={**recipes.load("dicom").options, "pseudonyms": of_registry(registry.local)}
    )
    subject = sessions.parent.name
    seen = survey(
        known, tmp_path / "later", DicomSettings(of_registry(registry.local), held={subject: {"x": "ses-01"}}), nothing
    )
    plan.write(tmp_path / "plan.tsv", list(seen.rows.values()))
    edited(tmp_path / "plan.tsv", keep="yes", days_from_baseline="394")
    import_delivery(registry, "dicom", tmp_path / "later", options={"plan": tmp_path / "plan.tsv"})
    rows = [(row["session_id"], row["days_from_baseline"]) for row in read_tsv(sessions)]
    assert rows == [("ses-01", "0"), ("ses-02", "394")]


def test_the_salt_is_made_once_for_its_owner_and_never_tracked(registry: Registry) -> None:
    first = of_registry(registry.local).of("person", "x")
    assert of_registry(registry.local).of("person", "x") == first
    assert (registry.local / "salt").stat().st_mode & 0o077 == 0
    (registry.local / "salt").write_text("short")
    with pytest.raises(InvalidInput, match="holds no salt"):
        of_registry(registry.local)


def test_the_command_plans_then_imports_by_the_plan(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", registry.root)
    app = typer.Typer()
    commands(app)
    run = CliRunner().invoke
    twins.write(tmp_path / "in", Series("EPI PE=AP", volumes=2), EchoTime=30, RepetitionTime=2000)
    (tmp_path / "people.csv").write_text(f"patient_id,participant_id\n{twins.PATIENT},MS007\n")
    start = ["import", "dicom", str(tmp_path / "in"), "--people", str(tmp_path / "people.csv"), "--json"]
    planned = json.loads(run(app, [*start, "--plan", str(tmp_path / "plan.tsv")]).stdout)
    assert [(row["keep"], row["subject"]) for row in planned["series"]] == [("ask", "sub-MS007")]
    assert not list(registry.root.glob("sub-*"))
    edited(tmp_path / "plan.tsv", keep="yes", name="func/task-rest_dir-AP_bold")
    report = json.loads(run(app, [*start, "--use-plan", str(tmp_path / "plan.tsv")]).stdout)
    assert report["kept"]["images"] == 1
    assert list(registry.root.glob("sub-MS007/ses-01/func/*_task-rest_dir-AP_bold.nii.gz"))
    both = run(app, [*start, "--plan", "a", "--use-plan", "b"])
    assert isinstance(both.exception, UsageError)
    assert isinstance(run(app, ["import", "bids", str(tmp_path), "--plan", "a"]).exception, UsageError)
