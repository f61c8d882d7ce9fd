"""Commands of annotation: `consensus` and `lesions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

consensus_app = typer.Typer(help="Masks computed from several readings.", no_args_is_help=True)
lesions_app = typer.Typer(help="Lesion instances and their boxes.", no_args_is_help=True)
Protocol = Annotated[str, typer.Option(help="The protocol whose masks are used.")]


def commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(consensus_app, name="consensus")
    app.add_typer(lesions_app, name="lesions")


@consensus_app.command("build")
def consensus_build(
    protocol: Protocol,
    recipe: Annotated[str, typer.Option(help="A consensus recipe; `consensus recipes` lists them.")] = "majority",
    label: Annotated[str | None, typer.Option(help="Only masks of this structure (GM); each one otherwise.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the consensus of every image and structure that at least two raters drew."""
    from annotation.consensus import build
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    with console.progress() as progress:
        made = build.build(registry, protocol, recipe, progress, label=label)
        commit_pending(registry)
    console.emit(asdict(made), as_json, "\n".join([f"{made.written} consensus masks written", *made.lines()]))


@consensus_app.command("recipes")
def consensus_recipes(as_json: AsJson = False) -> None:
    """List the consensus recipes."""
    from annotation.consensus.recipes.table import RECIPES

    rows = [{"recipe": item.name, **item.parameters} for item in RECIPES.values()]
    console.emit({"recipes": rows}, as_json, lambda: console.table(rows, ["recipe", "threshold", "tie"]))


@lesions_app.command("build")
def lesions_build(protocol: Protocol, as_json: AsJson = False) -> None:
    """Measure every lesion of the consensus masks: box, centre, volume."""
    from annotation.lesions import instances
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    with console.progress() as progress:
        made = instances.build(registry, protocol, progress)
        commit_pending(registry)
    console.emit(asdict(made), as_json, "\n".join([f"Lesions of {made.written} images written", *made.lines()]))
