"""The part of the command `import` that only DICOM has: a plan before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cli import console
from registry.errors import UsageError

if TYPE_CHECKING:
    from registry.store import Registry


def dicom_options(recipe: str, plan: Path | None, use_plan: Path | None, people: Path | None) -> dict[str, Any]:
    """The importer's options from those of the command.

    Raises:
        UsageError: another recipe, or a plan to write and one to follow at once.
    """
    given = {"--plan": plan, "--use-plan": use_plan, "--people": people}
    used = [name for name, value in given.items() if value is not None]
    if not used:
        return {}
    from curation import importers, recipes

    if importers.find(recipes.load(recipe)).propose is None:
        raise UsageError(f"{used[0]} belongs to the recipe dicom, not to {recipe}.", "Leave it out.")
    if plan and use_plan:
        raise UsageError("--plan writes a plan, --use-plan follows one.", "Give one of them.")
    return {key: value for key, value in (("plan", use_plan), ("people", people)) if value is not None}


def plan_import(
    registry: Registry, recipe: str, source: Path, plan: Path, options: dict[str, Any], as_json: bool
) -> None:
    """Write the plan of a delivery and show it."""
    from curation import recipes
    from curation.dicom.planning import make_plan
    from curation.importers import prepare

    with console.progress() as progress:
        made = make_plan(prepare(recipes.load(recipe), registry, options), source, plan, progress)
    console.emit(made.to_json(), as_json, made.text)
    console.note(
        f"Plan written to {plan}. Correct keep and name, then: cohortium import {recipe} {source} --use-plan {plan}"
    )
