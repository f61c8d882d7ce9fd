"""All cores give what one gives: the same answers in the same order, and the same first error."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from registry.errors import InvalidInput
from registry.files import parallel
from registry.index import facts
from tests.support.children import slow_work

MANY = list(range(400))


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "FEWEST", 2)


def test_answers_come_in_order_whoever_made_them() -> None:
    double = partial(operator.mul, 2)
    assert list(parallel.map_files(double, MANY, cores=3)) == [2 * number for number in MANY]
    assert list(parallel.map_files(double, [], cores=3)) == []
    assert list(parallel.map_files(double, [1, 2, 3], cores=3, heavy=True)) == [2, 4, 6]


def test_work_is_shared_with_processes_that_are_gone_afterwards() -> None:
    workers = set(parallel.map_files(slow_work.pid, MANY, cores=3)) - {os.getpid()}
    assert 1 <= len(workers) <= 2
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_answers_of_heavy_work_come_one_by_one_as_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # no worker: what was begun is what this process began
    begun: list[int] = []
    answers = parallel.map_files(begun.append, range(70), cores=2, heavy=True)
    for number, _ in enumerate(answers, start=1):
        assert begun == list(range(number))


def files(root: Path, count: int, bad: set[int]) -> list[str]:
    (root / "sub-1").mkdir()
    paths = [f"sub-1/{number:04d}.json" for number in range(count)]
    for number, path in enumerate(paths):
        (root / path).write_text("{" if number in bad else f'{{"n": {number}}}')
    return paths


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_the_first_bad_file_by_path_is_the_one_that_is_named(tmp_path: Path, cores: int) -> None:
    paths = files(tmp_path, 600, bad={411, 412, 599})
    told: list[int] = []
    with pytest.raises(InvalidInput, match=r"0411\.json is not readable JSON"):
        facts.read_all(tmp_path, paths, lambda done, *_: told.append(done), "reading", cores)
    assert told == list(range(1, 412))


def test_files_read_by_several_processes_are_the_files_read_by_one(tmp_path: Path) -> None:
    paths = files(tmp_path, 600, bad=set())
    one, two = (facts.read_all(tmp_path, paths, cores=cores) for cores in (1, 2))
    assert [file.model_dump() for file in one] == [file.model_dump() for file in two]
    assert [file.facts["json"]["n"] for file in two] == list(range(600))


def test_a_worker_that_cannot_start_costs_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert list(parallel.map_files(str, MANY, cores=3)) == [str(number) for number in MANY]


def test_a_worker_ends_when_whoever_started_it_is_killed() -> None:
    script = (
        "import os, time; from registry.files import parallel; from tests.support.children import slow_work\n"
        "for pid in parallel.map_files(slow_work.pid, range(100000), cores=2, heavy=True):\n"
        "    if pid != os.getpid(): print(pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while runs(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(worker)


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie that only waits to be noticed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_answer_that_cannot_travel_is_made_here() -> None:
    makers = list(parallel.map_files(slow_work.closure, MANY, cores=2))
    assert [make() for make in makers] == MANY
