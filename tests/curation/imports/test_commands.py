"""The command line tells and stops imports as the page does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from curation.cli import commands
from curation.imports import listing, reports
from curation.imports import work as imports
from curation.imports.delivery import NothingCameIn
from curation.imports.look import Asked
from registry.cli.console import GlobalOptions
from registry.errors import NotFound, UsageError
from registry.store import Registry
from tests.support.app import app_imports
from tests.support.templates import registry_state

pytestmark = pytest.mark.usefixtures("nothing_left")


def invoked(*words: str) -> Result:
    app = typer.Typer()
    commands(app)
    return CliRunner().invoke(app, words)


def said(*words: str) -> Any:
    done = invoked(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_commands_check_list_and_show(writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    before = registry_state.everything(writable)
    assert said("import", "bids", str(delivery), "--check")["report"]["kept"]["images"] == 1
    assert registry_state.everything(writable) == before
    said("import", "bids", str(delivery))
    (row,) = said("imports", "list")["imports"]
    assert (row["recipe"], row["images"], row["refused"]) == ("bids", 1, 2)
    shown = said("imports", "show", row["import"])["report"]
    assert {item["reason"] for item in shown["refused"]} == {"not-nifti", "not-bids-name"}
    assert row["state"] == "finished"
    with pytest.raises(NotFound, match="no report"):
        reports.get(writable, "other")


def test_an_import_of_what_is_there_already_says_so(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its report counts what the delivery holds; without a word that would read as if it had come in twice."""
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    assert said("import", "bids", str(delivery))["written"] > 0
    before = registry_state.everything(writable)
    again = invoked("import", "bids", str(delivery)).stdout
    assert again.endswith("The registry held all of this already: nothing was written.\n")
    assert said("import", "bids", str(delivery))["written"] == 0
    assert registry_state.everything(writable) == before


def test_a_finished_import_cannot_be_stopped(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`imports list` names it, so it is not unknown."""
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    said("import", "bids", str(delivery))
    (row,) = said("imports", "list")["imports"]
    refused = invoked("imports", "stop", row["import"]).exception
    assert isinstance(refused, UsageError)
    assert refused.message == f"The import {row['import']} is finished, so it cannot be stopped."


@pytest.mark.parametrize("more", [(), ("--check",)])
def test_a_delivery_of_which_nothing_comes_in_prints_the_whole_report_and_fails(
    writable: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    (tmp_path / "eeg/sub-01/eeg").mkdir(parents=True)
    (tmp_path / "eeg/sub-01/eeg/sub-01_task-rest_eeg.edf").write_text("x")
    before = registry_state.everything(writable)
    done = invoked("import", "bids", str(tmp_path / "eeg"), "--json", *more)
    assert isinstance(done.exception, NothingCameIn)
    (refused,) = json.loads(done.stdout)["refused"]
    assert (refused["path"], refused["reason"]) == ("sub-01/eeg/sub-01_task-rest_eeg.edf", "other-type")
    assert registry_state.everything(writable) == before


def test_the_commands_tell_and_stop_what_the_app_started(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    app_imports.doomed(monkeypatch, "pause")
    work = imports.start(writable, Asked("bids", delivery))
    app_imports.paused(writable)
    assert [(row["import"], row["state"], row["images"]) for row in said("imports", "list")["imports"]] == [
        (work.work_id, "running", None)
    ]
    assert said("imports", "stop", work.work_id) == {"import_id": work.work_id, "stop_asked": True}
    app_imports.go_on(writable)
    app_imports.ended(writable)
    assert said("imports", "show", work.work_id)["state"] == "stopped"
    assert "is stopped" in invoked("imports", "show", work.work_id).stdout
    assert isinstance(invoked("imports", "stop", work.work_id).exception, UsageError)
    again = imports.start(writable, Asked("bids", delivery))
    app_imports.ended(writable)
    listed = said("imports", "list")["imports"]
    assert [row["state"] for row in listed] == ["finished", "stopped"], "newest first, each once"
    assert listed[0].keys() == listed[1].keys()
    assert said("imports", "show", again.work_id) == said("imports", "show", listed[0]["import"])
    with pytest.raises(NotFound, match="no report"):
        listing.get(writable, "i0")


def test_a_recipe_outside_of_the_package_imports_too(
    writable: Registry, delivery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    own = tmp_path / "mine.toml"
    own.write_text('name = "my-ms"\ntitle = "Mine"\nimporter = "bids"\nlicence = "CC0-1.0"\n')
    rehearsed = said("import", "--recipe", str(own), str(delivery), "--check")
    assert rehearsed["report"]["recipe"] == "my-ms"
    assert said("import", str(own), str(delivery))["kept"] == rehearsed["report"]["kept"]
    (row,) = said("imports", "list")["imports"]
    assert row["recipe"] == "my-ms"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "bids"), "An import needs a recipe and a folder"),
        (("import", "bids", "folder", "--recipe", "mine.toml"), "The recipe is given twice"),
        (("import", "folder", "--recipe", "mine.json"), "a file that ends in .toml"),
    ],
)
def test_words_that_name_no_recipe_or_no_folder_are_a_sentence(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        raise invoked(*words).exception or AssertionError
