"""A look says what comes in, by visit and channel: new, changed, or there already; the command says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from curation.cli import commands
from curation.imports.arrivals import Arrival, arriving, by_visit
from curation.imports.delivery import check_delivery, import_delivery
from registry.cli.console import GlobalOptions
from registry.store import Registry
from tests.support.app import app_deliveries
from tests.support.app.inbox import ended, looked

HEAD = "sub-B1/ses-M00/anat/sub-B1_ses-M00"


def test_what_is_new_changed_and_there_already_is_told_apart(tmp_path: Path) -> None:
    held = [f"{HEAD}_FLAIR.nii.gz", f"{HEAD}_run-1_T1w.nii.gz"]
    for path in held:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    delivered = [
        *held,
        f"{HEAD}_run-2_T1w.nii.gz",
        f"{HEAD}_ce-gadolinium_T1w.nii.gz",
        f"derivatives/consensus-ms/{HEAD}_label-lesion_mask.nii.gz",
        f"derivatives/common/{HEAD}_space-common_mask.nii.gz",
    ]
    found = arriving(delivered, {*delivered[2:], held[0]}, tmp_path)
    assert by_visit(found) == [
        {
            "subject": "sub-B1",
            "session": "ses-M00",
            "FLAIR": "changed",
            "T1w": "1 new, 1 there already",
            "ce-gadolinium_T1w": "new",
            "consensus": "new",
        },
    ]
    assert Arrival("sub-B1", "ses-M00", "image", "FLAIR", changed=1) in found


def test_a_look_counts_what_an_import_then_writes(writable: Registry, delivery: Path) -> None:
    def look() -> dict[str, object]:
        found = check_delivery(writable, "bids", delivery)
        (row,) = by_visit(found.arriving)
        return {**row, "changed": found.changed_files > 0}

    visit = {"subject": "sub-C001", "session": "ses-M00"}
    assert look() == {**visit, "FLAIR": "new", "changed": True}, "participants.tsv gains a row"
    import_delivery(writable, "bids", delivery)
    assert look() == {**visit, "FLAIR": "there already", "changed": False}
    image = delivery / app_deliveries.NEW
    image.with_name(image.name.replace("FLAIR", "T2w")).write_bytes(image.read_bytes())
    assert look() == {**visit, "FLAIR": "there already", "T2w": "new", "changed": False}


def test_page_and_command_show_what_comes_in(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = ended(writable, looked(writable, "bids", delivery))
    (shown,) = (frame.value for frame in test.dataframe if "FLAIR" in frame.value)
    assert list(shown.iloc[0]) == ["sub-C001", "ses-M00", "new"]
    monkeypatch.setattr(GlobalOptions, "registry", writable.root)
    app = typer.Typer()
    commands(app)
    said = CliRunner().invoke(app, ["import", "bids", str(delivery), "--check"]).stdout
    assert "sub-C001  ses-M00  new" in said
    said = CliRunner().invoke(app, ["import", "bids", str(delivery), "--check", "--json"]).stdout
    assert json.loads(said)["arriving"] == [
        {
            "subject": "sub-C001",
            "session": "ses-M00",
            "kind": "image",
            "channel": "FLAIR",
            "new": 1,
            "changed": 0,
            "there_already": 0,
        }
    ]
