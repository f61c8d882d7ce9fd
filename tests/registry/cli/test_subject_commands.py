"""What the pages Overview and Subject show, `completeness` and `subject` say."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from registry.catalog import Catalog, overview, subjects
from registry.cli import console
from registry.cli.commands import subjects as looking
from registry.errors import NotFound
from registry.store import Registry


@pytest.fixture
def say(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs one of the commands on the cohort."""
    monkeypatch.setattr(console.GlobalOptions, "registry", cohort.root)
    return CliRunner()


def run(say: CliRunner, *words: str) -> str:
    app = typer.Typer()
    looking.commands(app)
    return str(say.invoke(app, words, catch_exceptions=False).stdout)


def test_completeness_is_that_of_the_overview(cohort: Registry, say: CliRunner) -> None:
    catalog = Catalog.of(cohort)
    told = json.loads(run(say, "completeness", "--json"))
    assert told["cells"] == overview.completeness(catalog)
    assert told["gaps"] == overview.gaps(told["cells"])
    text = run(say, "completeness")
    assert all(name in text for name in subjects.list_subjects(catalog))


def test_one_site_is_shown_alone_and_an_unknown_one_is_named(say: CliRunner) -> None:
    told = json.loads(run(say, "completeness", "--site", "siteB", "--json"))
    assert {cell["site"] for cell in told["cells"]} == {"siteB"}
    with pytest.raises(NotFound, match=r"no site 'siteZ'"):
        run(say, "completeness", "--site", "siteZ")


def test_a_subject_is_shown_with_every_image(cohort: Registry, say: CliRunner) -> None:
    catalog = Catalog.of(cohort)
    name = subjects.list_subjects(catalog)[0]
    told = json.loads(run(say, "subject", name, "--json"))
    paths = {scan.path for visit in subjects.visits(catalog, name) for scan in subjects.scans(catalog, visit)}
    assert {image["path"] for image in told["images"]} == paths
    assert all(path in run(say, "subject", name) for path in paths)
    with pytest.raises(NotFound, match="no subject 'sub-nobody'"):
        run(say, "subject", "sub-nobody")
