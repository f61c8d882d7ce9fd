"""Long work: whatever ends its process, the row says the truth; a wish to stop is obeyed; each row is taken once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from registry.cli.commands.work import work_app
from registry.cli.console import GlobalOptions
from registry.errors import NotFound, StorageError, UsageError
from registry.maintenance.creation import create
from registry.store import Registry, registry_at
from registry.tables import Work
from registry.work import claims, files, process, queue, rows
from registry.work.kinds import Kind
from registry.work.progress import Reporter, Stopped
from registry.work.rows import FAILED, FINISHED, LOST, RUNNING, STOPPED, UNDER_WAY, WAITING
from tests.support.app.app_imports import stop_all, until
from tests.support.work_kinds import ALONE, TRIAL


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return create(tmp_path_factory.mktemp("work") / "cohort", "Work")


@pytest.fixture(autouse=True)
def nothing_goes_on(registry: Registry) -> Iterator[None]:
    yield
    stop_all(registry)


def begun(registry: Registry, end: str, kind: Kind = TRIAL) -> Work:
    return queue.start(registry, kind, f"Trial: {end}", {"end": end}, lambda place: (place / "secret").touch())


def ended(registry: Registry, work: Work) -> Work:
    until(lambda: queue.get(registry, work.work_id).state not in UNDER_WAY)
    until(lambda: not files.is_alive(registry, work.work_id))
    return queue.get(registry, work.work_id)


def waiting(registry: Registry, end: str = "well") -> Work:
    work = queue.describe(TRIAL, "Waits", {"end": end})
    rows.add(registry, work)
    return work


@pytest.mark.parametrize(
    ("end", "state", "said"),
    [
        ("well", FINISHED, None),
        ("refusal", FAILED, "The disk is full."),
        ("fault", FAILED, "The trial ended by a fault of the program."),
        ("exit", FAILED, "The trial ended by a fault of the program."),
        ("kill", LOST, "The trial ended before it was done"),
        ("vanish", LOST, "The trial ended before it was done"),
    ],
)
def test_whatever_ends_the_process_the_row_says_it(registry: Registry, end: str, state: str, said: str | None) -> None:
    work = ended(registry, begun(registry, end))
    assert work.state == state
    assert work.result == ("made" if state == FINISHED else None)
    assert (work.message or "").startswith(said or "")
    assert (work.message is None) == (said is None)
    assert bool(work.ended)
    queue.list_work(registry)
    assert not files.folder(registry, work.work_id).exists(), "nothing that was handed over stays"
    assert queue.get(registry, work.work_id) == work, "an end stays"
    if state == LOST:
        assert work.hint == f"Try {work.work_id} again."


@pytest.mark.parametrize("by", ["row", "signal"])
def test_a_wish_to_stop_is_obeyed(registry: Registry, by: str) -> None:
    work = begun(registry, "never")
    until(lambda: queue.get(registry, work.work_id).what == "steps")
    running = queue.get(registry, work.work_id)
    assert (running.state, running.total) == (RUNNING, 4)
    if by == "row":
        queue.stop(registry, work.work_id)
    else:
        assert running.pid is not None
        os.kill(running.pid, signal.SIGTERM)
    work = ended(registry, work)
    assert (work.state, work.message) == (STOPPED, "It was stopped; nothing was changed.")
    with pytest.raises(UsageError, match="is stopped"):
        queue.stop(registry, work.work_id)


def test_two_starts_are_two_rows(registry: Registry) -> None:
    first, second = begun(registry, "well"), begun(registry, "well")
    assert first.work_id != second.work_id
    assert {ended(registry, first).state, ended(registry, second).state} == {FINISHED}


def test_what_is_done_alone_refuses_a_second_one(registry: Registry) -> None:
    before = len(queue.list_work(registry, ALONE.name))
    begun(registry, "never", ALONE)
    with pytest.raises(UsageError, match="Trial: never is still under way"):
        begun(registry, "never", ALONE)
    assert len(queue.list_work(registry, ALONE.name)) == before + 1


def test_work_that_cannot_begin_is_a_sentence(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", ("/nowhere/python",))
    with pytest.raises(StorageError, match="The trial could not begin"):
        begun(registry, "well")
    work = queue.list_work(registry, TRIAL.name, (FAILED,))[0]
    assert "could not begin" in (work.message or "")


def test_a_program_that_is_not_installed_is_said(registry: Registry) -> None:
    gone = Kind("gone", "nowhere.at.all:GONE", TRIAL.perform)
    work = ended(registry, queue.start(registry, gone, "Gone", {}))
    assert (work.state, "nowhere.at.all:GONE" in (work.message or "")) == (FAILED, True)


def test_each_row_is_taken_once_by_eight_claimers(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", ("true",))
    wanted = [waiting(registry).work_id for _ in range(24)]

    def claimer(number: int) -> list[str]:
        mine, own = [], registry_at(registry.root)
        with claims.attend(own):
            while queue.list_work(own, TRIAL.name, (WAITING,)):
                if (taken := claims.take(own, TRIAL.name)) is not None:
                    mine.append(taken[0].work_id)
                    taken[1].wait()
        own.engine.dispose()
        return mine

    with ThreadPoolExecutor(8) as pool:
        taken = [work_id for mine in pool.map(claimer, range(8)) for work_id in mine]
    assert sorted(taken) == sorted(wanted)


def test_the_longest_waiting_is_taken_and_one_at_a_time_for_each_worker(registry: Registry) -> None:
    first, second = waiting(registry, "never"), waiting(registry, "never")
    with claims.attend(registry):
        taken = claims.take(registry, TRIAL.name)
        assert taken is not None
        assert taken[0].work_id == first.work_id
        assert claims.take(registry, TRIAL.name) is None, "one worker, one piece of work"
    with claims.attend(registry):
        assert claims.take(registry, TRIAL.name) is None, "it goes on without its worker, and the next one waits for it"
        queue.stop(registry, first.work_id)
        ended(registry, first)
        again = claims.take(registry, TRIAL.name)
        assert again is not None
        assert again[0].work_id == second.work_id


def test_work_that_waits_is_withdrawn_at_once(registry: Registry) -> None:
    work = waiting(registry)
    queue.stop(registry, work.work_id)
    assert queue.get(registry, work.work_id).state == STOPPED


def test_work_done_here_is_a_row_too_and_can_be_done_again(registry: Registry) -> None:
    work = queue.describe(TRIAL, "Here", {"end": "refusal"})
    with pytest.raises(StorageError, match="disk is full"):
        process.do_here(registry, work)
    assert queue.get(registry, work.work_id).state == FAILED
    told: list[tuple[int, int, str]] = []
    work.inputs = {"end": "well"}
    process.do_here(registry, work, lambda *step: told.append(step))
    done = queue.get(registry, work.work_id)
    assert (done.state, done.message, done.result) == (FINISHED, None, "made")
    assert told == [(1, 4, "steps")]


def test_progress_is_written_rarely_and_needs_no_database(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    work = waiting(registry)
    report, written = Reporter(registry, work.work_id, "Stopped."), []
    note = rows.note
    monkeypatch.setattr(rows, "note", lambda *args, **values: written.append(values) or note(*args, **values))
    for done in range(2000):
        report(done, 2000, "files")
    assert len(written) < 200, "never more often than a percent is new"
    monkeypatch.setattr(rows, "get", unanswered)
    report(1, 2, "checking files")
    report.interrupt(signal.SIGTERM, None)
    with pytest.raises(Stopped):
        report(2, 2, "checking files")
    monkeypatch.undo()


def unanswered(*_: object) -> None:
    raise StorageError("The database did not answer.")


def test_what_a_look_found_is_private_until_it_is_put_away(registry: Registry) -> None:
    work = ended(registry, begun(registry, "well"))
    files.keep(registry, work.work_id, {"found": 1})
    (place,) = files.room(registry).glob("*.found")
    assert place.stat().st_mode & 0o777 == 0o700
    queue.list_work(registry)
    assert files.read_found(registry, work.work_id) == {"found": 1}
    assert queue.find_shown(registry, TRIAL) is not None
    queue.put_away(registry, TRIAL)
    assert queue.find_shown(registry, TRIAL) is None
    assert files.read_found(registry, work.work_id) is None


def test_the_commands_list_show_and_stop_work_of_every_kind(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GlobalOptions, "registry", registry.root)
    work, other = begun(registry, "never"), begun(registry, "never", ALONE)

    def said(*words: str) -> dict[str, object]:
        return dict(json.loads(CliRunner().invoke(work_app, [*words, "--json"]).stdout))

    listed = said("list")["work"]
    assert {work.work_id, other.work_id} <= {row["work_id"] for row in listed}  # type: ignore[index, attr-defined]
    assert said("show", work.work_id)["state"] == RUNNING
    assert said("stop", work.work_id) == {"work_id": work.work_id, "stop_asked": True}
    assert ended(registry, work).state == STOPPED
    assert said("show", other.work_id)["kind"] == "alone"
    assert isinstance(CliRunner().invoke(work_app, ["show", "x0"]).exception, NotFound)
