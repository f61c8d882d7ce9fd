"""The command line `cohortium`. Start-up loads no table and no array; each command imports what it needs."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from registry import ENVIRONMENT, __version__
from registry.cli import console
from registry.cli.console import AsJson

app = typer.Typer(
    help="From multi-centre scans and expert masks to a trained, traceable model.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    registry: Annotated[
        Path | None, typer.Option(help="The registry's folder.", envvar=ENVIRONMENT, show_envvar=True)
    ] = None,
) -> None:
    """From multi-centre scans and expert masks to a trained, traceable model."""
    console.GlobalOptions.registry = registry


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def init(
    path: Path, name: Annotated[str, typer.Option(help="The cohort's name.")] = "", as_json: AsJson = False
) -> None:
    """Make a new, empty registry."""
    from registry.maintenance import creation

    made = creation.create(path, name)
    console.emit({"registry": str(made.root)}, as_json, f"Registry made at {made.root}")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Count what the registry holds and what waits."""
    from registry.maintenance.status import status as read_status

    result = read_status(console.registry())
    shown = {**result["counts"], "changes that wait for their commit": result["waiting"]}
    console.emit(result, as_json, lambda: console.table([{"what": k, "count": v} for k, v in shown.items()]))
    if result["unread"]:
        console.note(
            "This copy of the registry holds files, but its database is empty. Make it with: cohortium rebuild"
        )


@app.command()
def validate(
    bids: Annotated[bool, typer.Option(help="Also run the official BIDS validator, where it is installed.")] = True,
    as_json: AsJson = False,
) -> None:
    """Check geometry, values, sources, events and BIDS; exits with 7 when an error is found."""
    from registry.maintenance import validation

    with console.progress() as progress:
        report = validation.validate(console.registry(), bids=bids, progress=progress)
    console.emit(report.to_json(), as_json, report.text)
    if not report.ok:
        raise typer.Exit(7)


@app.command()
def log(
    limit: Annotated[int, typer.Option(min=1, help="How many events, the newest.")] = 20, as_json: AsJson = False
) -> None:
    """Show what happened, newest first."""
    from registry.maintenance.status import history

    rows = history(console.registry(), limit)
    console.emit({"events": rows}, as_json, lambda: console.table(rows, ["at", "actor", "kind", "message", "commit"]))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Mend what a dead process, a pull or a deleted file left; list what was edited outside and waits for you."""
    from dataclasses import asdict

    from registry.maintenance import drift
    from registry.maintenance.doctor import doctor as mend

    registry = console.registry()
    rows = [asdict(item) for item in mend(registry)]
    left = [asdict(item) for item in drift.differences(registry)]
    console.emit({"repairs": rows, "outside": left}, as_json, lambda: _format_diagnosis(rows, left))


def _format_diagnosis(rows: list[dict[str, str]], left: list[dict[str, str]]) -> str:
    parts = [console.table(rows) if rows else "Nothing to mend."]
    away = [item for item in left if item["what"] == "not fetched"]
    if away:
        parts.append(f"""Newer versions whose content is not on this machine:
{console.table(away)}
Fetch it with: datalad get PATH   Then run: cohortium doctor""")
    if changed := [item for item in left if item not in away]:
        parts.append(f"""Changed outside the registry, and waiting for you:
{console.table(changed)}
Take files in with: cohortium adopt PATH --reason "..."   Undo an edit with: git checkout -- PATH""")
    return "\n\n".join(parts)


@app.command()
def adopt(
    paths: Annotated[list[str], typer.Argument(help="Paths in the registry, as doctor lists them.")],
    reason: Annotated[str, typer.Option(help="Why, in one sentence that is kept.")],
    as_json: AsJson = False,
) -> None:
    """Take in files that were edited in place or dropped into the registry's folder."""
    from registry.maintenance import drift
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    taken = drift.adopt(registry, paths, reason)
    commit_pending(registry)
    console.emit({"adopted": taken}, as_json, "\n".join(f"taken in: {path}" for path in taken))


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the database anew from the dataset's files and its event log."""
    from registry.maintenance.rebuild import rebuild as rebuild_database

    with console.progress() as progress:
        count = rebuild_database(console.registry(), progress)
    console.emit({"files": count}, as_json, f"Read {count} files; the database is as the files say.")


def main() -> None:
    """Run the command line with the commands of the registry and of the installed workspaces."""
    from registry.cli.commands import layout, queries, serve, subjects, work

    for group in (queries, subjects, layout, serve, work):
        group.commands(app)
    for entry in sorted(entry_points(group="cohortium.commands"), key=lambda item: item.name):
        entry.load()(app)
    console.run(app)
