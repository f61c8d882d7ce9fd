"""Waits for imports that processes of their own do, and chooses how those processes end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from curation.imports.background import queue, recovery
from curation.imports.background.rows import UNDER_WAY
from registry.store import Registry
from registry.tables import ImportWork
from tests.support.children import doomed_import
from tests.support.templates import registry_state


def doomed(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """The next imports pause, fail or die at a step of `doomed_import`."""
    monkeypatch.setattr(queue, "PROCESS", (sys.executable, doomed_import.__file__, step))


def paused(registry: Registry) -> None:
    """Wait until the import pauses."""
    until(lambda: (registry.root.parent / "paused").exists() or queue.listed(registry)[0].ended is not None)
    assert queue.listed(registry)[0].ended is None, queue.listed(registry)[0]


def go_on(registry: Registry) -> None:
    """Let the import that pauses go on."""
    (registry.root.parent / "go").touch()


def ended(registry: Registry, seconds: float = 90) -> ImportWork:
    """The newest import, once it has ended and its process is gone."""
    until(lambda: queue.listed(registry)[0].state not in UNDER_WAY, seconds)
    work = queue.listed(registry)[0]
    until(lambda: not recovery.is_alive(registry, work.import_id))
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
    for work in queue.listed(registry):
        if work.state in UNDER_WAY:
            queue.stop(registry, work.import_id)
    until(lambda: all(work.state not in UNDER_WAY for work in queue.listed(registry)))


def holds(registry: Registry) -> tuple[object, ...]:
    """What the registry holds; what this machine remembers of its imports is left out."""
    staging = registry.local / "staging"
    left = sorted(path.name for path in staging.glob("*")) if staging.exists() else []
    return registry_state.files(registry.root), registry_state.rows(registry, without=("import_work",)), left


def private(registry: Registry) -> list[Path]:
    """What still lies in the folder of imports."""
    return sorted((registry.local / "imports").glob("*"))


def remembered(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that is started from now on."""
    found: list[subprocess.Popen[bytes]] = []

    class Remembered(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            found.append(self)

    monkeypatch.setattr(queue.subprocess, "Popen", Remembered)
    return found
