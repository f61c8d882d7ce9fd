"""Consent that was withdrawn after a snapshot was frozen: nothing of the snapshot is used or leaves without a word."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner

from curation.persons import links
from registry import export, snapshots
from registry.cli import console
from registry.cli.commands import layout
from registry.cli.commands.snapshots import snapshot_app
from registry.cohorts import exclusions, queries, withdrawals
from registry.errors import UsageError
from registry.export import LAYOUTS, Options
from registry.maintenance import drift, rebuild, validation
from registry.manifests import Manifest
from registry.publishing.commits import commit_pending
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.tables import Event
from tests.support.cohorts import frozen_cohort
from tests.support.templates import registry_state

WHY = "the ethics committee allowed the analysis that was under way"


@pytest.fixture
def frozen(registry: Registry) -> Manifest:
    """A snapshot of everybody, made before anybody withdrew."""
    return snapshots.create(registry, "both", "main", parse_policy(["expert:e01"]))


def words(registry: Registry) -> list[dict[str, object]]:
    """Every recorded word."""
    with registry.reading() as database:
        events = database.exec(select(Event)).all()
    return [event.payload for event in events if event.kind == withdrawals.EVENT]


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("P006", "consent-withdrawn"),
        ("P006", "no-consent"),
        ("sub-A006", "withdrawn"),
        ("sub-A006/ses-M00", "opt-out"),
        (frozen_cohort.image("sub-A006", "T1w"), "revoked-consent"),
    ],
)
def test_every_kind_of_unit_and_every_wording_is_found(
    registry: Registry, frozen: Manifest, unit: str, reason: str
) -> None:
    assert withdrawals.list_withdrawn(registry, frozen) == ()
    exclusions.exclude(registry, unit, reason)
    assert withdrawals.list_withdrawn(registry, frozen) == (unit,)
    later = snapshots.create(registry, "both", "main", parse_policy(["expert:e01"]))
    assert withdrawals.list_withdrawn(registry, later) == ()
    exclusions.reinstate(registry, unit)
    assert withdrawals.list_withdrawn(registry, frozen) == ()


def test_other_reasons_refuse_nothing(registry: Registry, frozen: Manifest) -> None:
    exclusions.exclude(registry, "P001", "motion")
    assert withdrawals.require_word(registry, frozen, "export bids") is None


def test_a_person_withdraws_with_every_subject_whoever_it_turns_out_to_be(registry: Registry, frozen: Manifest) -> None:
    queries.save(registry, "fourth", "SELECT path FROM images WHERE subject = 'sub-A004' AND suffix = 'FLAIR'")
    fourth = snapshots.create(registry, "fourth", None, parse_policy(["expert:e01"]))
    exclusions.exclude(registry, "P005", "consent-withdrawn")
    assert withdrawals.list_withdrawn(registry, fourth) == ()
    links.confirm(registry, "sub-A004", "sub-A005", links.LinkDecision("same person, by the centre's own list"))
    assert withdrawals.list_withdrawn(registry, frozen) == ("P005",)
    assert withdrawals.list_withdrawn(registry, fourth) == ("P005",), "frozen as P004, who turned out to be P005"


@pytest.mark.parametrize("layout_name", sorted(LAYOUTS))
def test_no_layout_is_exported_without_a_word_and_each_says_it(
    registry: Registry, frozen: Manifest, tmp_path: Path, layout_name: str
) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    with pytest.raises(UsageError, match=r"Consent was withdrawn for 1 unit of this snapshot: P001\.") as refused:
        export.export(registry, frozen, tmp_path / "out", layout_name)
    assert withdrawals.OPTION in refused.value.hint
    assert not (tmp_path / "out").exists()
    made = export.export(registry, frozen, tmp_path / "out", layout_name, Options(despite_withdrawal=WHY))
    assert any("Consent was withdrawn" in note for note in made.notes)
    (said,) = (tmp_path / "out").rglob("withdrawal.json")
    assert json.loads(said.read_bytes()) == {"actor": "e01", "reason": WHY, "units": ["P001"]}
    (recorded,) = words(registry)
    assert (recorded["use"], recorded["reason"]) == (f"export {layout_name}", WHY)
    assert recorded["snapshot_id"] == frozen.snapshot_id


def test_a_word_that_is_not_needed_is_not_recorded(registry: Registry, frozen: Manifest, tmp_path: Path) -> None:
    export.export(registry, frozen, tmp_path / "out", "csv", Options(despite_withdrawal=WHY))
    assert words(registry) == []
    assert list((tmp_path / "out").rglob("withdrawal.json")) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("", "Consent was withdrawn"),
        (" ", "Consent was withdrawn"),
        ("one\ntwo", "line break"),
        ("2021-03-04", "holds"),
    ],
)
def test_a_word_is_one_line_that_tells_nobody(registry: Registry, frozen: Manifest, reason: str, said: str) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    with pytest.raises(UsageError, match=said):
        withdrawals.require_word(registry, frozen, "export bids", reason)
    assert words(registry) == []


def test_a_word_is_part_of_the_history_that_verifies_and_is_rebuilt(registry: Registry, frozen: Manifest) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    for _ in range(2):
        withdrawals.require_word(registry, frozen, "export bids", WHY)
    commit_pending(registry)
    assert registry_state.uncommitted(registry) == ""
    before = words(registry)
    assert len(before) == 2
    rebuild.rebuild(registry)
    assert words(registry) == before
    assert drift.differences(registry) == []
    assert validation.validate(registry, bids=False).errors == []


@pytest.fixture
def say(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command that uses a snapshot, and returns all that it says."""
    monkeypatch.setattr(console.GlobalOptions, "registry", registry.root)
    app = typer.Typer()
    app.add_typer(snapshot_app, name="snapshot")
    layout.commands(app)

    def run(*arguments: str) -> str:
        return str(CliRunner().invoke(app, arguments, catch_exceptions=False).output)

    return run


@pytest.mark.parametrize(
    "command", ["snapshot folder {id}", "layout --snapshot {id}", "snapshot export {id} --to {to}"]
)
def test_a_command_refuses_until_it_gets_a_word(
    registry: Registry, frozen: Manifest, say: Callable[..., str], tmp_path: Path, command: str
) -> None:
    line = command.format(id=frozen.snapshot_id, to=tmp_path / "out").split()
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    with pytest.raises(UsageError, match="P001"):
        say(*line)
    say(*line, withdrawals.OPTION, WHY)
    assert [word["reason"] for word in words(registry)] == [WHY]
    assert registry_state.uncommitted(registry) == ""
    assert "Consent was withdrawn for 1 unit" in say("snapshot", "show", frozen.snapshot_id)
