"""A process may die at any step: the doctor repairs without a person, nothing accepted is lost, nothing is half."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import StorageError
from registry.maintenance import doctor, status
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import Table
from tests.support.children import doomed_writer
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

CHILD = Path(doomed_writer.__file__)
SHORT = [
    "before fsync 1",
    "before plan 1",
    "after plan 1",
    "after transaction 2",
    "after link 1",
    "after move 1",
    "before move 7",
    "after move 12",
    "before transaction 3",
    "after transaction 3",
    "before export 1",
    "after export 1",
    "after git 1",
    "after git 3",
    "after git commit 1",
    "after transaction 4",
]


def run_child(root: Path, step: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHILD), str(root), step]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def require_sound(registry: Registry, before: dict[str, str]) -> None:
    """Nothing half: the subject is there whole or not at all, rows are as files say, git has everything."""
    after = registry_state.files(registry.root)
    whole = set(doomed_files(registry.root))
    present = whole & after.keys()
    assert present in (set(), whole)
    assert {path for path in before if path not in after} == set()
    registry_state.require_settled(registry)


def doomed_files(root: Path) -> list[str]:
    tree = root.parent / "wanted"
    if not tree.exists():
        tiny_bids.write_subject(tree, doomed_writer.SUBJECT)
    return [path for path, checksum in registry_state.files(tree).items() if checksum]


def was_accepted(registry: Registry) -> bool:
    return doomed_writer.MESSAGE in {row["message"] for row in status.history(registry, 100)}


@pytest.mark.parametrize("step", SHORT)
def test_a_process_that_dies_at_any_step_leaves_nothing_half(copies: Callable[[], Registry], step: str) -> None:
    registry = copies()
    before = registry_state.files(registry.root)
    child = run_child(registry.root, step)
    assert child.returncode == -signal.SIGKILL, f"the step was not reached: {child.stderr}"
    accepted = was_accepted(registry)
    doctor.doctor(registry)
    assert was_accepted(registry) or not accepted, "an accepted change is lost"
    require_sound(registry, before)
    assert doctor.doctor(registry) == [], "a second look finds nothing left to mend"


@pytest.mark.parametrize("step", ["after move 3", "after transaction 2", "before transaction 3"])
def test_whoever_writes_next_completes_what_a_dead_process_staged(copies: Callable[[], Registry], step: str) -> None:
    registry = copies()
    before = registry_state.files(registry.root)
    assert run_child(registry.root, step).returncode == -signal.SIGKILL
    publish(registry, Change("import", "Next"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A008"]))
    held = (registry.root / "participants.tsv").read_text()
    for subject in ("sub-A007", "sub-A008"):
        assert subject in held, "no delivery overwrites the rows of another"
    assert was_accepted(registry)
    doctor.doctor(registry)
    require_sound(registry, before)


def test_a_change_that_can_neither_go_on_nor_back_is_completed_by_the_doctor(
    cohort: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = registry_state.files(cohort.root)
    monkeypatch.setattr(doomed_writer.staging.Staging, "move_back", dying_disk)
    monkeypatch.setattr(doomed_writer.staging.os, "replace", dying_disk)
    with pytest.raises(StorageError):
        publish(cohort, Change("import", "Unlucky"), lambda tree: tiny_bids.write_cohort(tree, ["sub-A007"]))
    monkeypatch.undo()
    doctor.doctor(cohort)
    assert set(doomed_files(cohort.root)) <= registry_state.files(cohort.root).keys()
    require_sound(cohort, before)


def dying_disk(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_the_doctor_waits_for_the_git_of_a_dead_committer(copies: Callable[[], Registry]) -> None:
    """A killed process leaves its git running; the lock that this git inherited keeps everybody else away."""
    registry = copies()
    program = (
        "import os, subprocess, sys\n"
        "from pathlib import Path\n"
        "from registry.files.locks import list_inherited, lock\n"
        "from registry.store import open_registry\n"
        "registry = open_registry(Path(sys.argv[1]))\n"
        "with lock(registry, 'commit'):\n"
        "    script = 'sleep 1.5; touch done'\n"
        "    subprocess.Popen(['sh', '-c', script], cwd=registry.local, pass_fds=list_inherited())\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    child = subprocess.run([sys.executable, "-c", program, str(registry.root)], check=False)
    assert child.returncode == -signal.SIGKILL
    doctor.doctor(registry)
    assert (registry.local / "done").exists()


@pytest.mark.soak
def test_the_whole_matrix_of_steps(copies: Callable[[], Registry]) -> None:
    listed = run_child(copies().root, "list").stdout.splitlines()
    counts = {name: int(count) for name, _, count in (line.rpartition(" ") for line in listed)}
    assert counts.keys() == doomed_writer.STEPS.keys(), "every step of the table is one that happens"
    for name, count in counts.items():
        for number in range(1, count + 1):
            for when in ("before", "after"):
                step = f"{when} {name} {number}"
                test_a_process_that_dies_at_any_step_leaves_nothing_half(copies, step)


def test_an_empty_registry_has_every_table(empty: Registry) -> None:
    assert registry_state.rows(empty).keys() == Table.metadata.tables.keys()
