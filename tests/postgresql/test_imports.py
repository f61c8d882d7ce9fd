"""Imports that outlive the app have their rows in the team's database as well."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
import tiny_bids

from curation import import_fate, import_queue, kept_reports
from curation.import_rows import FAILED, FINISHED
from curation.inbox import Asked
from registry.store import Registry
from registry.tables import ImportWork

DOOMED = Path(__file__).parents[1] / "app" / "doomed_import.py"


def ended(registry: Registry, work: ImportWork) -> ImportWork:
    deadline = time.monotonic() + 90
    while import_fate.is_alive(registry, work.import_id):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return import_queue.get(registry, work.import_id)


@pytest.mark.parametrize(("step", "state"), [("none", FINISHED), ("staged", FAILED), ("recorded", FINISHED)])
def test_an_import_goes_on_by_itself(
    cohort: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, state: str
) -> None:
    tiny_bids.write_cohort(tmp_path / "delivery", ["sub-A008"])
    if step != "none":
        monkeypatch.setattr(import_queue, "PROCESS", (sys.executable, str(DOOMED), step))
    work = ended(cohort, import_queue.start(cohort, Asked("bids", tmp_path / "delivery")))
    assert work.state == state, work.message
    assert [item.name for item in kept_reports.listed(cohort)] == ([work.report] if state == FINISHED else [])
