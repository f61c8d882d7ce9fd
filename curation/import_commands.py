"""Commands `imports`: what earlier imports kept and refused."""

from __future__ import annotations

from typing import Annotated

import typer

from registry import console
from registry.console import AsJson

imports_app = typer.Typer(help="What earlier imports kept, and refused with its reason.", no_args_is_help=True)


@imports_app.command("list")
def imports_list(as_json: AsJson = False) -> None:
    """List the imports whose reports are kept, newest first."""
    from curation import kept_reports

    rows = [item.row() for item in kept_reports.listed(console.registry())]
    console.emit({"imports": rows}, as_json, lambda: console.table(rows))


@imports_app.command("show")
def imports_show(
    name: Annotated[str, typer.Argument(help="An import of `cohortium imports list`.")], as_json: AsJson = False
) -> None:
    """Show one import's report: what was kept, and every refused file with its reason."""
    from curation import kept_reports

    found = kept_reports.get(console.registry(), name)
    console.emit(found.to_json(), as_json, found.report.text)
