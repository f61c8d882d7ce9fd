"""Commands of curation: `import` and `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry import console
from registry.console import AsJson


def commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("import")(import_)
    app.command("recipes")(list_recipes)


def import_(
    recipe: Annotated[str, typer.Argument(help="A recipe of `cohortium recipes`.")],
    source: Annotated[Path, typer.Argument(help="The folder that holds the delivery.")],
    as_json: AsJson = False,
) -> None:
    """Bring a delivery into the registry as valid BIDS; what is refused is listed with its reason."""
    from curation.deliveries import import_delivery
    from registry.committing import commit_pending

    registry = console.registry()
    with console.progress() as progress:
        report = import_delivery(registry, recipe, source, progress)
        progress(1, 1, "committing")
        commit_pending(registry)
    console.emit(report.to_json(), as_json, report.text)


def list_recipes(as_json: AsJson = False) -> None:
    """List the recipes for deliveries."""
    from curation import recipes

    rows = [{"recipe": name, "title": recipes.load(name).title} for name in recipes.known()]
    console.emit({"recipes": rows}, as_json, lambda: console.table(rows))
