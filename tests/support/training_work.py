"""Rows of training runs as they stand at some moment."""

from __future__ import annotations

from typing import Any

from registry.store import Registry
from registry.work import queue, rows
from training.service import RUN


def add(registry: Registry, run_id: str, snapshot_id: str, state: str) -> None:
    """Note a run in this state."""
    inputs = {"config": "demo", "snapshot_id": snapshot_id, "score": True}
    work = queue.describe(RUN, "Training demo", inputs, run_id)
    work.state = state
    rows.add(registry, work)


def note(registry: Registry, run_id: str, **values: Any) -> None:
    """Change a run's row, whatever its state is."""
    ends = (rows.WAITING, rows.RUNNING, rows.FINISHED, rows.FAILED, rows.STOPPED, rows.LOST)
    assert rows.note(registry, run_id, *ends, **values)
