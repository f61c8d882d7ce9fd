"""Commands `imports`: imports under way, and the reports of earlier ones."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

imports_app = typer.Typer(
    help="Imports under way, and reports of earlier ones: what was kept, what was refused and why.",
    no_args_is_help=True,
)


@imports_app.command("list")
def imports_list(as_json: AsJson = False) -> None:
    """List the imports, newest first: those whose reports are kept, and those under way, failed or stopped here."""
    from curation.imports import listing

    rows = listing.rows(console.registry())
    console.emit({"imports": rows}, as_json, lambda: console.table(rows))


@imports_app.command("show")
def imports_show(
    name: Annotated[str, typer.Argument(help="An import of `cohortium imports list`.")], as_json: AsJson = False
) -> None:
    """Show one import's report (counts of kept files, every refused file with its reason), or how far the import is."""
    from curation.imports import listing
    from registry.tables import Work

    shown = listing.get(console.registry(), name)
    if isinstance(shown, Work):
        console.emit(listing.facts(shown), as_json, listing.text(shown))
    else:
        console.emit(shown.to_json(), as_json, shown.report.text)


@imports_app.command("stop")
def imports_stop(
    name: Annotated[str, typer.Argument(help="An import under way that the app started.")], as_json: AsJson = False
) -> None:
    """Ask an import that the app started to stop; everything that it did is undone."""
    from curation.imports import listing

    listing.stop(console.registry(), name)
    console.emit(
        {"import_id": name, "stop_asked": True},
        as_json,
        f"Import {name} stops at its next step; everything that it did is undone.",
    )
