"""Nobody who withdrew the consent is trained on without a word that the run's record keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry import snapshots
from registry.cohorts import exclusions
from registry.errors import UsageError
from registry.manifests import Manifest
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.work import process, queue
from tests.support.app.pages import button, open_page, texts
from tests.support.shell import TINY
from training import service

WHY = "the ethics committee allowed the analysis that was under way"


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A configuration that trains in a second."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return str(path)


@pytest.fixture
def frozen(registry: Registry) -> Manifest:
    """A snapshot of everybody, made before anybody withdrew."""
    return snapshots.create(registry, "both", "main", parse_policy(["expert:e01"]))


def test_a_run_and_a_queued_run_are_refused_without_a_word(registry: Registry, frozen: Manifest, config: str) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    with pytest.raises(UsageError, match="Consent was withdrawn for 1 unit of this snapshot: P001"):
        service.prepare(registry, config, frozen.snapshot_id, score=False)
    with pytest.raises(UsageError, match="Consent was withdrawn"):
        service.enqueue(registry, config, frozen.snapshot_id)
    assert queue.list_work(registry) == []


def test_a_queued_run_stops_at_a_withdrawal_that_came_after_it(
    registry: Registry, frozen: Manifest, config: str
) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    work = service.prepare(registry, config, frozen.snapshot_id, score=False, despite_withdrawal=WHY)
    exclusions.exclude(registry, "P002", "consent-withdrawn")
    with pytest.raises(UsageError, match=r"Consent was withdrawn for 1 unit of this snapshot: P002\."):
        process.do_here(registry, work)
    assert not (registry.runs / work.work_id).exists()


def test_the_record_of_a_run_keeps_the_word_and_every_later_use_needs_its_own(
    registry: Registry, frozen: Manifest, config: str
) -> None:
    exclusions.exclude(registry, "P001", "consent-withdrawn")
    work = service.prepare(registry, config, frozen.snapshot_id, score=False, despite_withdrawal=WHY)
    process.do_here(registry, work)
    record = json.loads((registry.runs / work.work_id / "run.json").read_bytes())
    assert record["launcher"]["despite_withdrawal"] == {"actor": "e01", "reason": WHY, "units": ["P001"]}
    with pytest.raises(UsageError, match="Consent was withdrawn"):
        service.score(registry, work.work_id)
    with pytest.raises(UsageError, match="Consent was withdrawn"):
        service.resume(registry, work.work_id)
    evaluation, _ = service.score(registry, work.work_id, despite_withdrawal=WHY)
    assert evaluation.to_json()["parts"]


def test_the_pages_show_a_red_line_and_wait_for_a_word(writable: Registry) -> None:
    snapshot = snapshots.list_snapshots(writable)[0].snapshot_id
    person = snapshots.get(writable, snapshot).samples[0].person
    assert "Consent was withdrawn" not in texts(open_page(writable, "launch", snapshot=snapshot))
    exclusions.exclude(writable, person, "consent-withdrawn")
    test = open_page(writable, "launch", snapshot=snapshot)
    assert "Consent was withdrawn for 1 unit of this snapshot" in test.error[0].value
    assert person in test.error[0].value
    assert button(test, "Queue the run").disabled  # type: ignore[attr-defined]
    test = test.text_input(key=f"word {snapshot}").set_value(WHY).run()
    test = button(test, "Queue the run").click().run()  # type: ignore[attr-defined]
    assert "waits for the worker" in texts(test)
    (work,) = queue.list_work(writable)
    assert work.inputs["despite_withdrawal"]["reason"] == WHY

    test = open_page(writable, "queries", step="3 · Snapshot")
    assert any(person in line.value for line in test.error)
    assert button(test, "Export").disabled  # type: ignore[attr-defined]
    assert not test.exception
