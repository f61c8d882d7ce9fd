"""Commands `exclude`: leave persons, subjects, sessions and images out, with reasons."""

from __future__ import annotations

from typing import Annotated

import typer

from registry.cli import console
from registry.cli.console import AsJson

exclude_app = typer.Typer(help="Leave persons, subjects, sessions or images out, with a reason.", no_args_is_help=True)
Unit = Annotated[str, typer.Argument(help="P001, sub-A000, sub-A000/ses-M00, or the path of an image.")]


@exclude_app.command("add")
def exclude_add(
    unit: Unit,
    reason: Annotated[str, typer.Option(help="A code, such as motion or consent-withdrawn.")],
    comment: Annotated[str | None, typer.Option(help="One line for people.")] = None,
    as_json: AsJson = False,
) -> None:
    """Leave a unit out of every snapshot made from now on."""
    from registry.cohorts import exclusions
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    made = exclusions.exclude(registry, unit, reason, comment)
    commit_pending(registry)
    console.emit(made.model_dump(), as_json, f"Excluded {made.unit}: {made.reason}")


@exclude_app.command("confirm")
def exclude_confirm(unit: Unit, as_json: AsJson = False) -> None:
    """Agree with an exclusion, as its second rater (COHORTIUM_ACTOR)."""
    from registry.cohorts import exclusions
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    made = exclusions.confirm(registry, unit)
    commit_pending(registry)
    console.emit(made.model_dump(), as_json, f"{made.second_rater_id} confirms: {made.unit}, {made.reason}")


@exclude_app.command("list")
def exclude_list(as_json: AsJson = False) -> None:
    """List what is excluded now."""
    from registry.cohorts import exclusions

    rows = [item.model_dump() for item in exclusions.list_exclusions(console.registry())]
    console.emit({"exclusions": rows}, as_json, lambda: console.table(rows, exclusions.COLUMNS))


@exclude_app.command("remove")
def exclude_remove(
    unit: Unit,
    comment: Annotated[str | None, typer.Option(help="Why, on one line.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take an exclusion back; history keeps that it was there."""
    from registry.cohorts import exclusions
    from registry.publishing.commits import commit_pending

    registry = console.registry()
    exclusions.reinstate(registry, unit, comment)
    commit_pending(registry)
    console.emit({"unit": unit}, as_json, f"{unit} counts again")


@exclude_app.command("history")
def exclude_history(
    unit: Annotated[str | None, typer.Argument(help="Only the decisions about this unit; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who excluded, confirmed and reinstated what, newest first."""
    from registry.cohorts import exclusions

    rows = exclusions.history(console.registry(), unit)
    console.emit({"events": rows}, as_json, lambda: console.table(rows))


@exclude_app.command("effect")
def exclude_effect(
    query: Annotated[str | None, typer.Option(help="Only this saved query; all by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Count what exclusions take from saved queries, by reason."""
    from registry.snapshots import exclusion_impact

    registry = console.registry()
    found = [exclusion_impact.count_in_query(registry, query)] if query else exclusion_impact.count_in_queries(registry)
    rows = [
        {"query": item.query, "reason": taken.name, "images": taken.images, "persons": taken.persons}
        for item in found
        for taken in item.by_reason
    ]
    rows += [
        {"query": item.query, "reason": "(left)", "images": item.images_left, "persons": item.persons_left}
        for item in found
    ]
    rows.sort(key=lambda row: (str(row["query"]), row["reason"] == "(left)", str(row["reason"])))
    console.emit({"queries": [item.to_json() for item in found]}, as_json, lambda: console.table(rows))
