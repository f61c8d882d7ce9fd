"""The part of the command `import` that is only for DICOM: a plan before anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.cli import console
from registry.errors import UsageError

if TYPE_CHECKING:
    from registry.store import Registry


def dicom_options(recipe: str, plan: Path | None, use_plan: Path | None, people: Path | None) -> dict[str, Any]:
    """The importer's options from those of the command.

    Args:
        recipe: its name.
        plan: `--plan`, the file to write the plan to.
        use_plan: `--use-plan`, the plan to follow.
        people: `--people`, the table of Patient IDs.

    Raises:
        UsageError: an option is given for a recipe without plans, or both `--plan` and `--use-plan` are given.
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
    """Write the plan of a delivery and print it.

    Args:
        registry: gives the salt and the persons it holds.
        recipe: its name.
        source: the delivery's folder.
        plan: the file to write, which must not exist.
        options: of the importer (`dicom_options`).
        as_json: print JSON instead of a table.
    """
    from curation import recipes
    from curation.dicom.planning import make_plan
    from curation.importers import prepare

    with console.progress() as progress:
        planned = make_plan(prepare(recipes.load(recipe), registry, options), source, plan, progress)
    console.emit(planned.to_json(), as_json, planned.text)
    console.note(
        f"Plan written to {plan}. Correct keep and name, then: cohortium import {recipe} {source} --use-plan {plan}"
    )
