"""Commands of training: `train`, `evaluate`, `predict`, `runs`, `worker`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson
from registry.errors import CohortiumError, UsageError

if TYPE_CHECKING:
    from registry.store import Registry

runs_app = typer.Typer(help="Training runs.", no_args_is_help=True)


def commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)
    app.command("predict")(predict)
    app.command("worker")(worker)
    app.add_typer(runs_app, name="runs")


def train(
    config: Annotated[str, typer.Argument(help="A TOML file, or the name of one in training/configs.")] = "",
    snapshot: Annotated[str, typer.Option(help="The frozen cohort.")] = "",
    resume: Annotated[str, typer.Option(help="Continue this run after it was stopped.")] = "",
    queue: Annotated[bool, typer.Option("--queue", help="Leave the run to a worker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model on a snapshot; predictions are written for the validation and test parts."""
    from registry import runs
    from registry.publishing.commits import commit_pending
    from training import service

    registry = console.registry()
    if not resume and not (config and snapshot):
        raise UsageError(
            "A run needs a configuration and a snapshot.",
            "For example: cohortium train hippocampus --snapshot ID, or --resume RUN",
        )
    run_id = runs.get(registry, resume).run_id if resume else service.start(registry, config, snapshot, queued=queue)
    if not queue:
        with console.progress() as progress:
            service.perform(registry, run_id, progress, resume=bool(resume))
        commit_pending(registry)
    console.emit(
        {"run": run_id, "folder": str(registry.runs / run_id)},
        as_json,
        f"Run {run_id}{' is queued' if queue else f': {registry.runs / run_id}'}",
    )


def evaluate(run: str, as_json: AsJson = False) -> None:
    """Score a run image by image and write its report."""
    from registry.publishing.commits import commit_pending
    from training import service

    registry = console.registry()
    with console.progress() as progress:
        evaluation, folder = service.score(registry, run, progress)
    commit_pending(registry)
    report = folder / "report.html"
    result = {
        **evaluation.to_json(),
        "table": str(folder / "scores.csv"),
        "report": str(report) if report.is_file() else None,
    }
    console.emit(result, as_json, evaluation.text)


def predict(
    run: Annotated[str, typer.Option(help="The run whose model is used.")],
    input_: Annotated[Path, typer.Option("--input", help="A folder with NIfTI images.")],
    output: Annotated[Path, typer.Option(help="A folder for the label maps.")],
    as_json: AsJson = False,
) -> None:
    """Write a label map for every image, under its own name and on its own grid."""
    from registry import runs
    from training.predict.folder import predict as predict_folder

    registry = console.registry()
    folder = runs.folder(registry, runs.get(registry, run).run_id)
    with console.progress() as progress:
        report = predict_folder(folder, input_, output, progress=progress)
    console.emit(report.to_json(), as_json, report.text)
    if report.refused:
        raise typer.Exit(4)


def worker(
    once: Annotated[bool, typer.Option("--once", help="Stop when no run waits.")] = False,
    pause: Annotated[float, typer.Option(help="Seconds between two looks.")] = 2.0,
) -> None:
    """Take queued runs, one after the other: train, evaluate, record."""
    from registry import runs

    registry = console.registry()
    while True:
        run = runs.claim(registry)
        if run is not None:
            console.note(f"Run {run.run_id}: {run.config} on {run.snapshot_id[:12]}")
            _work(registry, run.run_id)
        elif once:
            return
        else:
            time.sleep(pause)


def _work(registry: Registry, run_id: str) -> None:
    from registry.publishing.commits import commit_pending
    from training import service

    try:
        with console.progress() as progress:
            service.perform(registry, run_id, progress)
            service.score(registry, run_id, progress)
        commit_pending(registry)
        console.note(f"Run {run_id} is finished.")
    except CohortiumError as error:
        console.note(f"error: run {run_id}: {error.message}\nhint: {error.hint}")


@runs_app.command("list")
def runs_list(as_json: AsJson = False) -> None:
    """List runs, newest first."""
    from registry import runs

    rows = [run.model_dump() for run in runs.listed(console.registry())]
    columns = ["run_id", "status", "config", "snapshot_id", "message"]
    console.emit({"runs": rows}, as_json, lambda: console.table(rows, columns))


@runs_app.command("show")
def runs_show(run: str, as_json: AsJson = False) -> None:
    """Show where a run's files are and what it scored."""
    from registry import runs

    registry = console.registry()
    found = runs.get(registry, run)
    folder = runs.folder(registry, found.run_id)
    result = {**found.model_dump(), "folder": str(folder), "record": str(folder / "run.json")}
    console.emit(result, as_json, lambda: console.table([{"what": k, "value": v} for k, v in result.items()]))
