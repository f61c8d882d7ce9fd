"""Waits for work that processes of their own do, and chooses how the process of an import ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from curation.imports.work import IMPORT
from registry.store import Registry
from registry.tables import Work
from registry.work import files, process, queue
from registry.work.kinds import Kind
from registry.work.rows import UNDER_WAY
from tests.support.children import doomed_import
from tests.support.templates import registry_state


def doomed(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The next work pauses, fails or dies at a step of `doomed_import`."""
    monkeypatch.setattr(process, "COMMAND", (sys.executable, doomed_import.__file__, step))


def listed(registry: Registry) -> list[Work]:
    """Imports, newest first."""
    return list(queue.list_work(registry, IMPORT.name))


def paused(registry: Registry) -> None:
    """Wait until the import pauses."""
    until(lambda: (registry.root.parent / "paused").exists() or listed(registry)[0].ended is not None)
    assert listed(registry)[0].ended is None, listed(registry)[0]


def go_on(registry: Registry) -> None:
    """Let the import that pauses go on."""
    (registry.root.parent / "go").touch()


def ended(registry: Registry, kind: Kind = IMPORT, seconds: float = 120) -> Work:
    """The newest work of a kind, once it has ended and its process is gone."""
    until(lambda: queue.list_work(registry, kind.name)[0].state not in UNDER_WAY, seconds)
    work = queue.list_work(registry, kind.name)[0]
    until(lambda: not files.is_alive(registry, work.work_id))
    return work


def until(true: object, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        if time.monotonic() > deadline:
            pytest.fail(f"it did not happen within {seconds:g} s")
        time.sleep(0.05)


def stop_all(registry: Registry) -> None:
    """Let no process outlive its test."""
    go_on(registry)
    for work in queue.list_work(registry, states=UNDER_WAY):
        queue.stop(registry, work.work_id)
    until(lambda: not queue.list_work(registry, states=UNDER_WAY))


def holds(registry: Registry) -> tuple[object, ...]:
    """What the registry holds; what this machine remembers of its work is left out."""
    staging = registry.local / "staging"
    left = sorted(path.name for path in staging.glob("*")) if staging.exists() else []
    return registry_state.files(registry.root), registry_state.rows(registry, registry_state.WORK), left


def private(registry: Registry) -> list[Path]:
    """What still lies in the folder of work; what looks found, until it is put away, is left out."""
    return sorted(path for path in (registry.local / "work").glob("*") if path.suffix != ".found")


def remembered(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that is started from now on."""
    found: list[subprocess.Popen[bytes]] = []

    class Remembered(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            found.append(self)

    monkeypatch.setattr(process.subprocess, "Popen", Remembered)
    return found
