"""The README's script of a cohort's next version runs as it stands, and its outcome is what the page promises."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import snapshots
from registry.store import open_registry
from tests.e2e.conftest import DEMO, remove
from tests.support import ROOT
from tests.support.shell import shell

PAGE = ROOT / "README.md"


@pytest.fixture(scope="module")
def ran(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder in which the script ran, its first line replaced by a copy of the demo, and what it printed."""
    folder = tmp_path_factory.mktemp("cite")
    first, *lines = re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)[0].splitlines()
    assert first == f"cohortium demo build/cite {DEMO}"
    shutil.copytree(demo / "build/demo", folder / "build/cite", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COHORTIUM_ACTOR", raising=False)
        yield folder, shell("\n".join(lines), folder)
    remove(folder)


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


def test_what_was_exported_is_the_version_without_the_person_who_withdrew(ran: tuple[Path, str]) -> None:
    described = json.loads((ran[0] / "build" / "cite-nnunet" / "snapshot.json").read_text())
    registry = open_registry(ran[0] / "build" / "cite")
    manifest = snapshots.get(registry, described["snapshot"])
    assert "P002" not in {sample.person for sample in manifest.samples}
    labels = list((ran[0] / "build" / "cite-nnunet").glob("labels*/*.nii.gz"))
    assert len(labels) == len(manifest.samples)
    assert (ran[0] / "build" / "cite-flow.svg").read_text().startswith("<svg")


def test_the_first_version_leaves_with_a_recorded_reason_alone(ran: tuple[Path, str]) -> None:
    registry = open_registry(ran[0] / "build" / "cite")
    made = (snapshots.get(registry, item.snapshot_id) for item in snapshots.list_snapshots(registry))
    first = next(item for item in made if "P002" in {sample.person for sample in item.samples})
    export = f"cohortium --registry build/cite snapshot export {first.snapshot_id} --layout csv --to build/first"
    with pytest.raises(AssertionError, match="Consent was withdrawn for 1 unit of this snapshot: P002"):
        shell(export, ran[0])
    assert not (ran[0] / "build" / "first").exists()
    shell(f"{export} --despite-withdrawal 'figure printed before'", ran[0])
    assert "figure printed before" in (ran[0] / "build" / "first" / "withdrawal.json").read_text()
