"""Commands of training: `train`, `evaluate`, `predict`, `runs`, `worker`."""

from __future__ import annotations

import time
from pathlib import Path
from subprocess import Popen
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson, DespiteWithdrawal
from registry.errors import UsageError

if TYPE_CHECKING:
    from registry.store import Registry
    from registry.tables import Work

_LOOK_S = 0.5

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
    despite_withdrawal: DespiteWithdrawal = "",
    as_json: AsJson = False,
) -> None:
    """Train a model on a snapshot; predictions are written for the validation and test parts."""
    from registry.publishing.commits import commit_pending
    from registry.work import process
    from training import service
    from training.record import run_record
    from training.record.budget import format_budget

    registry = console.registry()
    if not resume and not (config and snapshot):
        raise UsageError(
            "A run needs a configuration and a snapshot.",
            "For example: cohortium train hippocampus --snapshot ID, or --resume RUN",
        )
    if queue and not resume:
        run_id = service.enqueue(registry, config, snapshot, despite_withdrawal)
        if despite_withdrawal:
            commit_pending(registry)
    else:
        work = (
            service.resume(registry, resume, despite_withdrawal)
            if resume
            else service.prepare(registry, config, snapshot, score=False, despite_withdrawal=despite_withdrawal)
        )
        run_id = work.work_id
        with console.progress() as progress:
            process.do_here(registry, work, progress)
        commit_pending(registry)
    waits, folder = queue and not resume, registry.runs / run_id
    budget = "" if waits else format_budget(run_record.read(folder))
    console.emit(
        {"run": run_id, "folder": str(folder), "budget": budget},
        as_json,
        f"Run {run_id} is queued" if waits else f"Run {run_id}: {folder}\n{budget}",
    )


def evaluate(run: str, despite_withdrawal: DespiteWithdrawal = "", as_json: AsJson = False) -> None:
    """Score a run image by image and write its report."""
    from registry.publishing.commits import commit_pending
    from training import service

    registry = console.registry()
    with console.progress() as progress:
        evaluation, folder = service.score(registry, run, progress, despite_withdrawal)
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
    once: Annotated[bool, typer.Option("--once", help="Stop when no run is waiting.")] = False,
    pause: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks for a queued run.")] = 2.0,
) -> None:
    """Take queued runs, one after the other: train, evaluate, record."""
    from registry.runs import KIND
    from registry.work import claims

    registry = console.registry()
    with claims.attend(registry):
        taken_before = False
        while True:
            if (taken := claims.take(registry, KIND)) is not None:
                _attend(registry, *taken)
                taken_before = True
            elif once:
                if not taken_before:
                    console.note("No run is waiting.")
                return
            else:
                time.sleep(pause)


def _attend(registry: Registry, work: Work, process: Popen[bytes]) -> None:
    """Show the progress of a run until it ends; the run goes on when this worker is stopped."""
    from registry.work import queue
    from registry.work.rows import FINISHED

    console.note(f"Run {work.work_id}: {work.inputs['config']} on {work.inputs['snapshot_id'][:12]}")
    try:
        with console.progress() as progress:
            while process.poll() is None:
                time.sleep(_LOOK_S)
                row = queue.get(registry, work.work_id)
                progress(row.done, row.total, row.what)
    except KeyboardInterrupt:
        console.note(f"Run {work.work_id} goes on. Stop it with: cohortium work stop {work.work_id}")
        raise
    ended = queue.get(registry, work.work_id)
    if ended.state == FINISHED:
        console.note(f"Run {work.work_id} is finished.")
    else:
        console.note(f"error: run {work.work_id}: {ended.message}\nhint: {ended.hint or ''}")


@runs_app.command("list")
def runs_list(as_json: AsJson = False) -> None:
    """List runs, newest first."""
    from registry import runs

    rows = [run.model_dump() for run in runs.list_runs(console.registry())]
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
