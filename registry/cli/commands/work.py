"""Commands `work`: long work of every kind on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

work_app = typer.Typer(help="Long work on this machine: imports, looks, checks, training runs.", no_args_is_help=True)

_COLUMNS = ("work_id", "kind", "state", "done", "total", "what", "title", "asked", "ended")


def commands(app: typer.Typer) -> None:
    """Add the group to the command line."""
    app.add_typer(work_app, name="work")


@work_app.command("list")
def work_list(as_json: AsJson = False) -> None:
    """List the work of this machine, newest first, with how far it is or how it ended."""
    from registry.work import queue

    rows = [work.model_dump() for work in queue.list_work(console.registry())]
    console.emit({"work": rows}, as_json, lambda: console.table(rows, _COLUMNS))


@work_app.command("show")
def work_show(
    work_id: Annotated[str, typer.Argument(help="An id of `cohortium work list`.")], as_json: AsJson = False
) -> None:
    """Show one piece of work."""
    from registry.work import queue

    facts = queue.get(console.registry(), work_id).model_dump()
    console.emit(facts, as_json, lambda: console.table([{"what": key, "value": facts[key]} for key in facts]))


@work_app.command("stop")
def work_stop(
    work_id: Annotated[str, typer.Argument(help="Work that waits or is under way.")], as_json: AsJson = False
) -> None:
    """Ask a piece of work to end: at its next step, or at once where it still waits."""
    from registry.work import queue

    queue.stop(console.registry(), work_id)
    console.emit({"work_id": work_id, "stop_asked": True}, as_json, f"{work_id} is asked to stop.")
