"""Training for a registry: snapshots in, records out. The rest of `training` knows no registry."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from registry import runs, snapshots
from registry.cohorts import leakage, leaks
from registry.files.progress import Progress
from registry.publishing import git
from registry.snapshots import frozen_files
from registry.store import Registry
from training.spec import load

_LOGGER = logging.getLogger(__name__)


def start(registry: Registry, config_name: str, snapshot: str, *, queued: bool = False) -> str:
    """Note a new run after everything that can be refused has been looked at; returns its id.

    Raises:
        ConfigError: an unknown key or an impossible value.
        NotFound: no such configuration or snapshot.
        SplitError: a person or a file crosses parts.
    """
    from training.evaluation.profiles import table as profiles
    from training.record.run_record import new_run_id

    place = Path(config_name)
    profiles.get(load(place).evaluation.profile)
    manifest = snapshots.get(registry, snapshot)
    leakage.refuse(leaks.check_snapshot(registry, manifest))
    status = "queued" if queued else "running"
    named = str(place.absolute()) if place.is_file() else config_name  # a worker may stand in another folder
    return runs.enqueue(registry, new_run_id(), named, manifest.snapshot_id, status=status).run_id


def perform(registry: Registry, run_id: str, progress: Progress | None = None, *, resume: bool = False) -> None:
    """Train, predict, and bring the record into the registry; a failure is noted with its sentence."""
    from training.run import train

    run = runs.get(registry, run_id)
    manifest = snapshots.get(registry, run.snapshot_id)
    folder = registry.runs / run_id
    config = load(folder / "config.toml" if resume else Path(run.config))
    context = {
        "command": ["cohortium", "train", run.config, "--snapshot", run.snapshot_id],
        "launcher": {"program": "cohortium", "actor": run.actor},
        "dataset_commit": git.head(registry.root),
    }
    runs.note(registry, run_id, status="running", message=None)
    try:
        root = frozen_files.materialise(registry, manifest)
        report = _noting(registry, run_id, progress)
        train(config, manifest, root, folder, progress=report, resume=resume, context=context)
    except KeyboardInterrupt:
        runs.note(registry, run_id, status="failed", message=f"Stopped; continue with --resume {run_id}")
        raise
    except BaseException as error:
        runs.note(registry, run_id, status="failed", message=str(error) or type(error).__name__)
        raise
    runs.publish_run(registry, run_id, {"snapshot": run.snapshot_id})
    runs.note(registry, run_id, status="finished", done=1, total=1)


def score(registry: Registry, reference: str, progress: Progress | None = None) -> tuple[Any, Path]:
    """Evaluate a run, write its report, and record both; returns the evaluation and the run's folder."""
    from training.evaluation.scoring import evaluate
    from training.report import NoFiguresError, write_report

    run = runs.get(registry, reference)
    manifest = snapshots.get(registry, run.snapshot_id)
    folder = runs.working_copy(registry, run.run_id)
    root = frozen_files.materialise(registry, manifest)
    evaluation = evaluate(folder, manifest, root, progress=progress)
    try:
        write_report(folder, manifest, root)
    except NoFiguresError as error:  # the scores are there, and count
        _LOGGER.warning("%s %s", error, error.hint)
    runs.publish_run(registry, run.run_id, {"evaluated": True})
    return evaluation, folder


def _noting(registry: Registry, run_id: str, progress: Progress | None) -> Progress:
    """Passes progress on, and lets the database know each time another percent is done."""
    last = -1

    def report(done: int, total: int, what: str) -> None:
        nonlocal last
        percent = 100 * done // max(total, 1)
        if percent != last:
            last = percent
            runs.note(registry, run_id, done=done, total=total)
        if progress:
            progress(done, total, what)

    return report
