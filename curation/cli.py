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
    app.command("demo")(demo)


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


def demo(
    path: Annotated[Path, typer.Argument(help="A new folder for the demo's registry.")] = Path("build/demo"),
    seed: Annotated[int, typer.Option(help="Of the generated cohort; the same seed gives the same bytes.")] = 2026,
    persons: Annotated[int, typer.Option(help="How many persons to generate.")] = 14,
    train: Annotated[bool, typer.Option(help="Also train and evaluate, which takes a few minutes.")] = True,
    as_json: AsJson = False,
) -> None:
    """Take a generated multi-centre cohort through the whole line, then print where to look."""
    from curation import tour

    places = tour.run(
        path, lambda text: console.note(f"\n> {text}"), tour.Tour(seed, persons, "demo" if train else None)
    )
    console.emit(places, as_json, lambda: _where(places))


def _where(places: dict[str, str]) -> str:
    rows = [{"what": key, "where": value} for key, value in places.items()]
    return f"\n{console.table(rows)}\n\nThe app: cohortium --registry {places['registry']} serve"
