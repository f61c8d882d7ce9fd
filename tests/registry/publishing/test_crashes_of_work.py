"""The kill matrix for every kind of work: whatever step its process dies at, all of a change is there or none of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from registry.maintenance import doctor, status
from registry.publishing.events import LOGS
from registry.store import Registry
from tests.support.children import doomed_writer
from tests.support.templates import registry_state

CHILD = Path(doomed_writer.__file__)
OTHERS = sorted(doomed_writer.WORKS.keys() - {"import"})
"""The import has its matrix in `test_crashes`."""
SHORT = ["after move 1", "after git commit 1"]
"""Files are half in place; files and rows are there, and nobody noted the commit. `make soak` runs every step."""

Files = dict[str, str]


def run_child(root: Path, step: str, work: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHILD), str(root), step, work]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(root: Path) -> Files:
    """Every file but the event log, whose lines hold the time."""
    return {path: sha for path, sha in registry_state.files(root).items() if sha and not path.startswith(LOGS)}


@cache
def counted(work: str, root: Path) -> tuple[dict[str, int], frozenset[str]]:
    """An undisturbed run in `root`: how often each step happens, and the files it leaves as `path sha256`."""
    child = run_child(root, "list", work)
    assert child.returncode == 0, child.stderr
    counts = {name: int(count) for name, _, count in (line.rpartition(" ") for line in child.stdout.splitlines())}
    return counts, frozenset(f"{path} {sha}" for path, sha in contents(root).items())


def require_whole(registry: Registry, before: frozenset[str], changes: list[frozenset[str]]) -> None:
    """The files are as they were, or as one of the work's changes left them; nothing waits, rows are as files say."""
    now = frozenset(f"{path} {sha}" for path, sha in contents(registry.root).items())
    assert now in (before, *changes)
    registry_state.require_settled(registry)


def die_and_mend(registry: Registry, step: str, work: str, after: frozenset[str]) -> None:
    before = frozenset(f"{path} {sha}" for path, sha in contents(registry.root).items())
    child = run_child(registry.root, step, work)
    assert child.returncode == -signal.SIGKILL, f"the step was not reached: {child.stderr}"
    accepted = len(status.history(registry, 100))
    doctor.doctor(registry)
    assert len(status.history(registry, 100)) >= accepted, "an accepted change is lost"
    require_whole(registry, before, [after, *_steps_of(work, before, after)])
    assert doctor.doctor(registry) == []


def _steps_of(work: str, before: frozenset[str], after: frozenset[str]) -> list[frozenset[str]]:
    """A snapshot is three changes, each whole: the query, its split, the manifest."""
    if work != "snapshot":
        return []
    new = after - before
    query = frozenset(line for line in new if "/queries/" in line)
    split = frozenset(line for line in new if "/splits/" in line)
    return [before | query, before | query | split]


@pytest.mark.slow
@pytest.mark.parametrize("work", OTHERS)
def test_work_that_dies_is_done_whole_or_not_at_all(copies: Callable[[], Registry], work: str) -> None:
    _, after = counted(work, copies().root)
    for step in SHORT:
        die_and_mend(copies(), step, work, after)


@pytest.mark.soak
@pytest.mark.parametrize("work", OTHERS)
def test_the_whole_matrix_of_steps_of_every_work(copies: Callable[[], Registry], work: str) -> None:
    counts, after = counted(work, copies().root)
    for name, count in counts.items():
        for number in range(1, count + 1):
            for when in ("before", "after"):
                die_and_mend(copies(), f"{when} {name} {number}", work, after)
