"""The commands that docs/queries.md shows for cohorts without SQL run as they stand there."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import typer
from typer.testing import CliRunner

from registry.catalog import facets
from registry.cli import console
from registry.cli.commands import queries as cohorts
from registry.cohorts import queries
from registry.errors import UsageError
from registry.store import Registry
from tests.support import ROOT
from tests.support.cohorts import tiny_bids

PAGE = ROOT / "docs" / "queries.md"


def commands() -> list[list[str]]:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    return [shlex.split(line)[1:] for line in block.splitlines() if line.strip()]


def run(registry: Registry, words: list[str]) -> str:
    app = typer.Typer()
    cohorts.commands(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.GlobalOptions, "registry", registry.root)  # another test's command may have left its own
        return str(CliRunner().invoke(app, words, catch_exceptions=False).stdout)


def test_the_documented_commands_count_and_save(cohort: Registry) -> None:
    counted, built = commands()
    found = json.loads(run(cohort, [*counted, "--json"]))
    assert {choice["value"]: choice["images"] for choice in found["choices"]["site"]} == {"siteA": 3, "siteB": 3}
    assert found["totals"]["images"] == 0, "every session of this cohort states its site"
    assert "siteA" in run(cohort, counted)
    made = json.loads(run(cohort, [*built, "--json"]))
    assert made["query"] == "flair-adults"
    assert queries.get(cohort, "flair-adults").sql == made["sql"]
    assert queries.run(cohort, "flair-adults") == [], "no image of this cohort has a consensus"
    run(cohort, [word.replace("consensus=yes", "consensus=no") for word in built])
    adults = [tiny_bids.image_path(subject) for subject in tiny_bids.SUBJECTS]  # all are 30 to 35 years old
    assert [row["path"] for row in queries.run(cohort, "flair-adults")] == adults


def test_every_documented_field_is_one_and_every_field_is_documented() -> None:
    section = PAGE.read_text().split("## Without SQL")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {field for row in rows for field in re.findall(r"`(\w+)`", row)} == {item.field for item in facets.FACETS}


def test_filters_that_nothing_passes_are_said_and_not_only_counted(cohort: Registry) -> None:
    said = "No image passes these filters"
    assert said in run(cohort, ["query", "facets", "--where", "site=nowhere"])
    assert said not in run(cohort, ["query", "facets", "--where", "site=siteA"])


def test_an_unknown_field_is_a_sentence(cohort: Registry) -> None:
    with pytest.raises(UsageError, match="'planet' is nothing to filter by"):
        run(cohort, ["query", "facets", "--where", "planet=Mars"])
