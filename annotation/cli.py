"""Commands of annotation: `consensus` and `lesions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

if TYPE_CHECKING:
    from annotation.derivatives import BuildReport

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
    nothing = "Every consensus mask is there already, computed from the masks of now."
    console.emit(asdict(made), as_json, lambda: _format_built(made, nothing, "consensus mask"))


def _format_built(made: BuildReport, nothing: str, what: str) -> str:
    """What was written and left out; where there was nothing to do, that is said instead of a nought.

    Args:
        made: the result.
        nothing: the sentence for nothing to do.
        what: what was written, in the singular.
    """
    from registry.vocabulary.display import format_count

    if not made.written and not made.left_out:
        return nothing
    return "\n".join([f"{format_count(made.written, what)} written", *made.lines()])


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
    nothing = "The lesions of every consensus mask are measured already."
    console.emit(asdict(made), as_json, lambda: _format_built(made, nothing, "lesion table"))
