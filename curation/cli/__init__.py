"""Commands of curation, from `import` to `check`, `qc` and `persons`; one module for each group.

Start at `commands`, the one public name. Nothing of the other rooms is imported before a command runs, so that
`cohortium --help` starts at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.checks import check_app
from curation.cli.deidentification import deidentify_app, privacy_app
from curation.cli.dicom import dicom_options, plan_import
from curation.cli.imports import imports_app
from curation.cli.persons import persons_app
from curation.cli.quality import qc_app
from registry.cli import console
from registry.cli.console import AsJson
from registry.errors import UsageError

if TYPE_CHECKING:
    from curation.imports.delivery import Imported


def commands(app: typer.Typer) -> None:
    """Add the commands of curation to the command line."""
    app.command("import")(import_)
    app.add_typer(imports_app, name="imports")
    app.command("recipes")(list_recipes)
    app.command("demo")(demo)
    app.add_typer(deidentify_app, name="deidentify")
    app.add_typer(privacy_app, name="privacy")
    app.add_typer(qc_app, name="qc")
    app.add_typer(check_app, name="check")
    app.add_typer(persons_app, name="persons")


def import_(  # noqa: PLR0913, PLR0917 - one option each, as Typer wants them
    recipe: Annotated[
        str, typer.Argument(help="A recipe of `cohortium recipes`, or a file FILE.toml; left out with --recipe.")
    ],
    source: Annotated[Path | None, typer.Argument(help="The folder that holds the delivery.")] = None,
    own: Annotated[Path | None, typer.Option("--recipe", help="A recipe of your own, FILE.toml.")] = None,
    plan: Annotated[Path | None, typer.Option(help="DICOM: write the table of names here, and import nothing.")] = None,
    use_plan: Annotated[Path | None, typer.Option(help="DICOM: import by this corrected table.")] = None,
    people: Annotated[
        Path | None, typer.Option(help="DICOM: a table patient_id, participant_id; it is read, never kept.")
    ] = None,
    same_persons: Annotated[
        bool, typer.Option("--same-persons", help="Subjects that another dataset brought are the same persons.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Do everything except writing, and show what would be imported.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import a delivery into the registry as valid BIDS; refused files are listed with their reason."""
    from curation.imports.delivery import SAME_PERSONS, NothingCameIn, check_delivery, deliver
    from registry.publishing.commits import commit_pending

    recipe, source = _read_words(recipe, source, own)
    registry = console.registry()
    options = {**dicom_options(recipe, plan, use_plan, people), **({SAME_PERSONS: True} if same_persons else {})}
    if plan is not None:
        plan_import(registry, recipe, source, plan, options, as_json)
        return
    try:
        with console.progress() as progress:
            if check:
                rehearsal = check_delivery(registry, recipe, source, progress, options)
                console.emit(rehearsal.to_json(), as_json, rehearsal.text)
                return
            imported = deliver(registry, recipe, source, progress, options)
            progress(1, 1, "committing")
            commit_pending(registry)
    except NothingCameIn as error:
        console.emit(error.report.to_json(), as_json, error.report.text)
        raise
    console.emit(
        {**imported.report.to_json(), "written": imported.written}, as_json, lambda: _format_imported(imported)
    )


def _format_imported(imported: Imported) -> str:
    """The report; where nothing was new, a sentence says so, as the report counts what the delivery holds."""
    said = [] if imported.written else ["The registry held all of this already: nothing was written."]
    return "\n".join([imported.report.text(), *said])


def _read_words(first: str, second: Path | None, own: Path | None) -> tuple[str, Path]:
    """Recipe and folder of `RECIPE FOLDER`, or of `--recipe FILE FOLDER`.

    Raises:
        UsageError: the folder is absent, or the recipe is given twice.
    """
    if own is None:
        if second is None:
            raise UsageError(f"An import needs a recipe and a folder; '{first}' is one word.", _HOW)
        return first, second
    if second is not None:
        raise UsageError(f"The recipe is given twice: '{first}' and --recipe {own}.", _HOW)
    if own.suffix != ".toml":
        raise UsageError(f"--recipe takes a file that ends in .toml, not '{own}'.", _HOW)
    return str(own), Path(first)


_HOW = "Write: cohortium import RECIPE FOLDER, or cohortium import --recipe FILE.toml FOLDER"


def list_recipes(as_json: AsJson = False) -> None:
    """List the recipes for deliveries."""
    from curation import recipes

    rows = [{"recipe": name, "title": recipes.load(name).title} for name in recipes.known()]
    console.emit({"recipes": rows}, as_json, lambda: console.table(rows))


def demo(
    path: Annotated[Path, typer.Argument(help="A new folder for the demo's registry.")] = Path("build/demo"),
    seed: Annotated[int, typer.Option(help="Seed of the generated cohort; the same seed gives the same bytes.")] = 2026,
    persons: Annotated[int, typer.Option(help="How many persons to generate.")] = 14,
    train: Annotated[bool, typer.Option(help="Also train and evaluate, which takes a few minutes.")] = True,
    as_json: AsJson = False,
) -> None:
    """Run every step, from import to evaluation, on a generated multi-centre cohort; print where the results are."""
    from curation.demo import tour

    places = tour.run(
        path, lambda text: console.note(f"\n> {text}"), tour.Tour(seed, persons, "demo" if train else None)
    )
    console.emit(places, as_json, lambda: _format_places(places))


def _format_places(places: dict[str, str]) -> str:
    rows = [{"what": key, "where": value} for key, value in places.items()]
    return f"\n{console.table(rows)}\n\nThe app: cohortium --registry {places['registry']} serve"
