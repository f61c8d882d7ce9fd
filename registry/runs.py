"""Runs as records: queued and running in the database, finished as files that a clone carries."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, select, update

from registry.bids import places
from registry.errors import NotFound, UsageError
from registry.files.canonical import readable_json
from registry.publishing import Change, publish
from registry.store import Registry, actor
from registry.tables import Run

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


def enqueue(registry: Registry, run_id: str, config: str, snapshot_id: str, *, status: str = "queued") -> Run:
    """Note that somebody wants a run: `queued` for a worker to take, `running` when the caller trains it at once."""
    run = Run(run_id=run_id, snapshot_id=snapshot_id, config=config, status=status, actor=actor())
    with registry.unit_of_work() as session:
        session.add(run)
    return run


def claim(registry: Registry) -> Run | None:
    """Take the next queued run, or None. One statement, so two workers never take the same."""
    oldest = select(Run.run_id).where(Run.status == "queued").order_by(col(Run.run_id)).limit(1).scalar_subquery()
    taking = update(Run).where(col(Run.run_id) == oldest, col(Run.status) == "queued").values(status="running")
    with registry.unit_of_work() as session:
        taken = session.execute(taking.returning(col(Run.run_id))).scalar()
        return session.get(Run, taken) if taken else None


def note(registry: Registry, run_id: str, **values: Any) -> None:
    """Change the state of a run: `status`, `message`, `done`, `total`, `scores`."""
    with registry.unit_of_work() as session:
        run = session.get(Run, run_id)
        if run is not None:
            for key, value in values.items():
                setattr(run, key, value)


def cancel(registry: Registry, run_id: str) -> None:
    """Withdraw a run that no worker has taken.

    Raises:
        UsageError: it runs already, or is over.
    """
    if (run := get(registry, run_id)).status != "queued":
        raise UsageError(f"Run {run_id} is {run.status}, so it cannot be withdrawn.", "Only queued runs can.")
    note(registry, run_id, status="cancelled")


def get(registry: Registry, reference: str) -> Run:
    """The run with this id, or whose id begins with it.

    Raises:
        NotFound: no such run.
        UsageError: several begin like this.
    """
    with registry.reading() as session:
        found = session.exec(select(Run).where(col(Run.run_id).startswith(reference, autoescape=True))).all()
    if not found or not reference:
        raise NotFound(f"There is no run '{reference}'.", "List them with: cohortium runs list")
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with '{reference}'.", "Give more characters of the id.")
    return found[0]


def listed(registry: Registry) -> Sequence[Run]:
    """Every run, newest first: ids sort by time."""
    with registry.reading() as session:
        return session.exec(select(Run).order_by(col(Run.run_id).desc())).all()


def folder(registry: Registry, run_id: str) -> Path:
    """Where a run's files are: this machine's run folder, else the published record.

    Raises:
        NotFound: neither is on this machine.
    """
    for place in (registry.runs / run_id, registry.root / places.RUNS / run_id):
        if (place / "run.json").is_file():
            return place
    raise NotFound(f"The files of run {run_id} are not on this machine.", "Fetch them: datalad get code/registry/runs")


def working_copy(registry: Registry, run_id: str) -> Path:
    """This machine's own folder of a run; where a clone has only the published record, that is copied first.

    Published files are evidence and may be annexed: nothing is ever written beside them.
    """
    place = registry.runs / run_id
    if not (place / "run.json").is_file():
        shutil.copytree(folder(registry, run_id), place, dirs_exist_ok=True)
        prediction = f"derivatives/prediction-{run_id}"
        if (registry.root / prediction).is_dir():
            shutil.copytree(registry.root / prediction, place / prediction, dirs_exist_ok=True)
    return place


def publish_run(registry: Registry, run_id: str, facts: Mapping[str, Any]) -> list[str]:
    """Bring a run's record, weights, scores and predictions into the registry. Safe to repeat after an evaluation."""
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
    """In the run's folder the derivative names its raw images from there; in the registry they are two folders up."""
    stated = json.loads(description.read_text(encoding="utf-8"))
    stated["DatasetLinks"] = {**stated.get("DatasetLinks", {}), "raw": "file:../.."}
    description.write_bytes(readable_json(stated))
