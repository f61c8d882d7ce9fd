"""The README's script of a cohort's next version runs as it stands, and its outcome is what the page promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from registry import snapshots
from registry.store import open_registry
from tests.support import ROOT

PAGE = ROOT / "README.md"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the script ran, and what it printed."""
    folder = tmp_path_factory.mktemp("cite")
    (script,) = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)[:1]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment.pop("COHORTIUM_ACTOR", None)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"mkdir build\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_the_comparison_says_exactly_what_was_done(ran: tuple[Path, str]) -> None:
    registry = open_registry(ran[0] / "build" / "cite")
    made = [snapshots.get(registry, item.snapshot_id) for item in snapshots.list_snapshots(registry)]
    first, second = sorted(
        (item for item in made if item.target_policy["order"][0]["kind"] == "expert"),
        key=lambda item: -len(item.samples),
    )
    found = snapshots.compare(registry, first.snapshot_id, second.snapshot_id)
    assert {(item.person, item.reason) for item in found.removed} == {("P002", "excluded:consent-withdrawn")}
    assert len(found.removed) == sum(sample.person == "P002" for sample in first.samples)
    assert [(item.sample, [one.what for one in item.differences]) for item in found.changed] == [
        ("sub-A004_ses-M00", ["target"])
    ]
    assert [found.added, found.settings, found.exclusions] == [(), (), ()]
    assert "excluded:consent-withdrawn" in ran[1]
    assert "1 have a newer revision" in ran[1]


def test_what_was_exported_is_the_first_version(ran: tuple[Path, str]) -> None:
    described = json.loads((ran[0] / "build" / "cite-nnunet" / "snapshot.json").read_text())
    registry = open_registry(ran[0] / "build" / "cite")
    manifest = snapshots.get(registry, described["snapshot"])
    assert "P002" in {sample.person for sample in manifest.samples}
    labels = list((ran[0] / "build" / "cite-nnunet").glob("labels*/*.nii.gz"))
    assert len(labels) == len(manifest.samples)
    assert (ran[0] / "build" / "cite-flow.svg").read_text().startswith("<svg")
