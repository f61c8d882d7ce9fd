"""Imports outlive the app: whatever ends, the registry is whole and the row says the truth."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from curation.imports import delivery as deliveries
from curation.imports import look, reports
from curation.imports import work as imports
from curation.imports.look import Asked
from curation.imports.work import IMPORT
from registry.errors import NotFound, StorageError, UsageError
from registry.maintenance import doctor
from registry.store import ACTOR_ENVIRONMENT, Registry
from registry.tables import Work
from registry.work import process, queue
from registry.work.rows import FAILED, FINISHED, LOST, STOPPED
from tests.support.app import app_deliveries, app_imports
from tests.support.children import doomed_import
from tests.support.templates import registry_state

pytestmark = pytest.mark.usefixtures("nothing_left")


def started(registry: Registry, delivery: Path) -> Work:
    return imports.start(registry, look.asked("bids", str(delivery)))


_APP = """
import sys, time
from pathlib import Path
from curation.imports import look
from curation.imports import work
from registry.store import open_registry
from registry.work import process
process.COMMAND = (sys.executable, *sys.argv[3:])
work.start(open_registry(Path(sys.argv[1])), look.asked("bids", sys.argv[2]))
print("started", flush=True)
time.sleep(60)
"""


def test_an_import_goes_on_when_the_app_is_killed(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "r07")
    command = [sys.executable, "-c", _APP, str(writable.root), str(delivery), doomed_import.__file__, "pause"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as app:
        assert app.stdout is not None
        assert app.stdout.readline() == "started\n"
        os.killpg(app.pid, signal.SIGKILL)
    app_imports.paused(writable)
    (work,) = app_imports.listed(writable)
    assert (work.state, work.what, work.ended) == ("running", "official BIDS rules", None)
    app_imports.go_on(writable)
    work = app_imports.ended(writable)
    assert (work.state, work.actor, work.message) == (FINISHED, "r07", None)
    (kept,) = reports.list_reports(writable)
    assert (kept.name, kept.actor, kept.report.kept["images"]) == (work.result, "r07", 1)
    registry_state.require_settled(writable)
    assert app_imports.listed(writable) == [work], "a rebuild keeps what this machine remembers"
    assert app_imports.private(writable) == []


@pytest.mark.parametrize("step", doomed_import.DEATHS)
def test_an_import_that_dies_is_said_to_be_in_or_not(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = registry_state.files(writable.root)
    app_imports.doomed(monkeypatch, step)
    started(writable, delivery)
    work = app_imports.ended(writable)
    if step in doomed_import.CHANGED:
        assert (work.state, work.message) == (FINISHED, None)
        (kept,) = reports.list_reports(writable)
        assert kept.name == work.result
    else:
        assert (work.state, work.result) == (LOST, None)
        assert "ended before it was done" in (work.message or "")
        assert registry_state.files(writable.root) == before
        assert [path for path in (writable.local / "staging").glob("*") if path.is_dir()] == [], "no copy is left"
    assert [path.name for path in app_imports.private(writable) if path.suffix != ".log"] == []
    doctor.doctor(writable)
    registry_state.require_settled(writable)
    assert (registry_state.files(writable.root) == before) == (work.state == LOST)
    assert app_imports.listed(writable) == [work], "what is said stays"
    if work.state == LOST:
        assert deliveries.import_delivery(writable, "bids", delivery).kept["images"] == 1, "and it can be tried again"


@pytest.mark.parametrize("by", ["row", "signal"])
def test_stopping_takes_it_back(writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    before = app_imports.holds(writable)
    app_imports.doomed(monkeypatch, "pause")
    processes = app_imports.remembered(monkeypatch)
    work = started(writable, delivery)
    app_imports.paused(writable)
    with pytest.raises(UsageError, match="still under way"):
        started(writable, delivery)
    if by == "row":
        queue.stop(writable, work.work_id)
    else:
        processes[0].terminate()
    app_imports.go_on(writable)
    work = app_imports.ended(writable)
    assert (work.state, work.message) == (STOPPED, "The import was stopped; nothing was changed.")
    assert app_imports.holds(writable) == before
    assert app_imports.private(writable) == []
    with pytest.raises(UsageError, match="is stopped"):
        queue.stop(writable, work.work_id)


def test_what_is_handed_over_is_private_and_gone_afterwards(
    writable: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = app_deliveries.dicom(tmp_path / "scans")
    table = tmp_path / "ids.tsv"
    table.write_text("patient_id\tparticipant_id\n")
    wanted = look.asked("dicom", str(source), str(table))
    planned = look.look(writable, wanted, lambda *_: None).planned
    assert planned is not None
    place = writable.local / "work"
    (place / "i1").mkdir(parents=True)
    imports.hand_over(place / "i1", wanted, planned.rows)
    assert imports.read_options(place / "i1") == {"people": table, "plan": place / "i1" / "plan.tsv"}
    assert app_imports.listed(writable) == []
    assert not (place / "i1").exists(), "no process holds it, so it is swept"


def test_only_its_own_row_is_found(writable: Registry) -> None:
    for ask in (queue.get, queue.stop):
        with pytest.raises(NotFound, match="no work"):
            ask(writable, "i0")
    assert queue.find_shown(writable, IMPORT) is None


def test_an_end_that_was_seen_is_put_away(writable: Registry, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    imports.start(writable, Asked("bids", tmp_path / "empty"))
    work = app_imports.ended(writable)
    assert (work.state, work.message) == (FAILED, "empty has no subject folders.")
    assert work.hint
    assert queue.find_shown(writable, IMPORT) == work
    queue.put_away(writable, IMPORT)
    assert queue.find_shown(writable, IMPORT) is None
    assert app_imports.private(writable) == []


def test_an_import_that_cannot_begin_is_a_sentence(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", ("/nowhere/python",))
    with pytest.raises(StorageError, match="could not begin"):
        started(writable, delivery)
    (work,) = app_imports.listed(writable)
    assert (work.state, "could not begin" in (work.message or "")) == (FAILED, True)
    assert [path for path in app_imports.private(writable) if path.is_dir()] == []
