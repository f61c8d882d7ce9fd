"""Runs as records: queued and running as work of this machine, finished as files that a clone carries."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlmodel import select

from registry.bids import places
from registry.errors import NotFound, UsageError
from registry.files.canonical import readable_json
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import Run, Work
from registry.work import queue
from registry.work.rows import FINISHED, RUNNING, STOPPED, UNDER_WAY, WAITING

KEPT = (
    "run.json",
    "config.toml",
    "snapshot.json.gz",
    "progress.jsonl",
    "model.safetensors",
    "evaluation.json",
    "scores.csv",
    "lesions.csv",
    "report.html",
)
"""Files of a run's folder that become part of the registry. Checkpoints stay on the machine that trained."""


KIND = "run"
"""The kind of work (`registry.work`) that trains. Such work waits, is under way, or ended without a record."""

_STATUS = {WAITING: "queued", RUNNING: "running", FINISHED: "finished"}


def get(registry: Registry, reference: str) -> Run:
    """The run with this id, or whose id begins with it.

    Raises:
        NotFound: no such run.
        UsageError: the ids of several runs begin like this.
    """
    runs = [run for run in list_runs(registry) if run.run_id.startswith(reference)]
    if not runs or not reference:
        raise NotFound(f"There is no run '{reference}'.", "List them with: cohortium runs list")
    if len(runs) > 1:
        raise UsageError(f"{len(runs)} runs begin with '{reference}'.", "Give more characters of the id.")
    return runs[0]


def list_runs(registry: Registry) -> list[Run]:
    """Every run, newest first: those whose record is in the registry, and those of this machine that have none yet."""
    with registry.reading() as database:
        recorded = {run.run_id: run for run in database.exec(select(Run)).all()}
    for work in queue.list_work(registry, KIND):
        if work.state in UNDER_WAY or work.work_id not in recorded:
            recorded[work.work_id] = _as_run(work)
    return [recorded[run_id] for run_id in sorted(recorded, reverse=True)]


def _as_run(work: Work) -> Run:
    withdrawn = work.state == STOPPED and work.started is None
    return Run(
        run_id=work.work_id,
        snapshot_id=work.inputs["snapshot_id"],
        config=work.inputs["config"],
        status="cancelled" if withdrawn else _STATUS.get(work.state, "failed"),
        actor=work.actor,
        message=None if withdrawn else " ".join(filter(None, (work.message, work.hint))) or None,
        done=work.done,
        total=work.total,
        scores={},
    )


def folder(registry: Registry, run_id: str) -> Path:
    """The folder that holds a run's files: this machine's run folder, else the published record.

    Raises:
        NotFound: neither is on this machine.
    """
    for path in (registry.runs / run_id, registry.root / places.RUNS / run_id):
        if (path / "run.json").is_file():
            return path
    raise NotFound(f"The files of run {run_id} are not on this machine.", "Fetch them: datalad get code/registry/runs")


def working_copy(registry: Registry, run_id: str) -> Path:
    """This machine's own folder of a run. Where a clone has only the published record, the record is copied first.

    Published files are evidence and may be annexed: nothing is ever written beside them.
    """
    path = registry.runs / run_id
    if not (path / "run.json").is_file():
        shutil.copytree(folder(registry, run_id), path, dirs_exist_ok=True)
        prediction = f"derivatives/prediction-{run_id}"
        if (registry.root / prediction).is_dir():
            shutil.copytree(registry.root / prediction, path / prediction, dirs_exist_ok=True)
    return path


def publish_run(registry: Registry, run_id: str, facts: Mapping[str, Any]) -> list[str]:
    """Bring a run's record, weights, scores and predictions into the registry. Safe to repeat after an evaluation.

    Args:
        registry: where the run was trained.
        run_id: the run; its folder is `registry.runs / run_id`.
        facts: further fields of the event's payload.

    Returns:
        The paths that were written, as `publish` gives them.
    """
    source = registry.runs / run_id

    def write(tree: Path) -> None:
        target = tree / places.RUNS / run_id
        target.mkdir(parents=True)
        for name in KEPT:
            if (source / name).is_file():
                shutil.copy(source / name, target / name)
        if (source / "derivatives").is_dir():
            shutil.copytree(source / "derivatives", tree / "derivatives")
            for description in (tree / "derivatives").glob("*/dataset_description.json"):
                _link_to_raw(description)

    return publish(registry, Change("run", f"Record run {run_id}", {"run": run_id, **facts}), write)


def _link_to_raw(description: Path) -> None:
    """Point the link to the raw dataset at the registry's root, two folders up; it was made for the run's folder."""
    fields = json.loads(description.read_text(encoding="utf-8"))
    fields["DatasetLinks"] = {**fields.get("DatasetLinks", {}), "raw": "file:../.."}
    description.write_bytes(readable_json(fields))
