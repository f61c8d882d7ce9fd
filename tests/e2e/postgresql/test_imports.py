"""Imports that outlive the app have their rows in the team's database as well."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from curation.imports import reports
from curation.imports import work as imports
from curation.imports.look import Asked
from registry.store import Registry
from registry.tables import Work
from registry.work import files, process, queue
from registry.work.rows import FINISHED, LOST
from tests.support.children import doomed_import
from tests.support.cohorts import tiny_bids

DOOMED = Path(doomed_import.__file__)


def ended(registry: Registry, work: Work) -> Work:
    deadline = time.monotonic() + 90
    while files.is_alive(registry, work.work_id):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return queue.get(registry, work.work_id)


@pytest.mark.parametrize(("step", "state"), [("none", FINISHED), ("staged", LOST), ("recorded", FINISHED)])
def test_an_import_goes_on_by_itself(
    cohort: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, state: str
) -> None:
    tiny_bids.write_cohort(tmp_path / "delivery", ["sub-A008"])
    if step != "none":
        monkeypatch.setattr(process, "COMMAND", (sys.executable, str(DOOMED), step))
    work = ended(cohort, imports.start(cohort, Asked("bids", tmp_path / "delivery")))
    assert work.state == state, work.message
    assert [item.name for item in reports.list_reports(cohort)] == ([work.result] if state == FINISHED else [])
