"""Look at a delivery before it is imported, and correct the names of a DICOM one. `work` then imports it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curation import importers, recipes
from curation.dicom.names import plan
from curation.dicom.names.plan import Row
from curation.dicom.planning import Planned
from curation.importers.report import Refusal
from curation.imports.delivery import SAME_PERSONS, NothingCameIn, Options, Rehearsal, check_delivery
from curation.recipes import Recipe
from registry.errors import InvalidInput, NotFound, UsageError
from registry.files.progress import Progress
from registry.store import Registry


@dataclass(frozen=True)
class Asked:
    """The delivery and the recipe that somebody chose.

    Attributes:
        recipe: its name, or the whole path of a file of the user's own.
        source: the delivery's folder.
        people: a table of Patient IDs for DICOM, read and never kept.
        same_persons: subjects that another dataset brought are the same persons.
    """

    recipe: str
    source: Path
    people: Path | None = None
    same_persons: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """The options of the importer."""
        people = {"people": self.people} if self.people else {}
        return {**people, SAME_PERSONS: True} if self.same_persons else people


def has_plan(recipe: Recipe) -> bool:
    """Whether the deliveries of a recipe have a plan of names, which a person corrects first."""
    return importers.find(recipe).propose is not None


@dataclass(frozen=True)
class Look:
    """The result of a look: a rehearsal of the import, for DICOM the plan of names; both after a tried conversion."""

    asked: Asked
    rehearsal: Rehearsal | None = None
    planned: Planned | None = None


@dataclass(frozen=True)
class Chosen:
    """A recipe that somebody chose or typed.

    Attributes:
        name: as `recipes.load` takes it: a name, or the whole path of a file.
        recipe: what it says.
        has_plan: as the function of this name says.
    """

    name: str
    recipe: Recipe
    has_plan: bool


def find_recipe(name: str | None, own: str = "") -> Chosen:
    """The recipe that somebody chose or typed.

    Args:
        name: name of a recipe that comes with Cohortium; None if none was chosen.
        own: path of a recipe of the user's own, which counts where it is not empty; blanks and `~` are resolved.

    Raises:
        UsageError: no recipe, or a path that does not end in `.toml`.
        NotFound: no such recipe.
        InvalidInput: a recipe that cannot be read, or that names an importer which is not there.
    """
    if not (own := own.strip()):
        if not name:
            raise UsageError("A recipe is needed.", "Choose one, or type the path of your own.")
        recipe = recipes.load(name)
        return Chosen(name, recipe, has_plan(recipe))
    if not own.endswith(recipes.ENDING):
        raise UsageError(
            f"A recipe of your own is a file that ends in {recipes.ENDING}, not '{own}'.",
            f"Type its whole path, such as /home/me/my-ms{recipes.ENDING}, or leave the field empty.",
        )
    path = str(_resolve(own).absolute())  # the import is a process of its own, maybe in another folder
    recipe = recipes.load(path)
    return Chosen(path, recipe, has_plan(recipe))


def _resolve(typed: str) -> Path:
    """A path as somebody typed it, with blanks around it and perhaps `~`."""
    path = Path(typed.strip())
    try:
        return path.expanduser()
    except RuntimeError:  # `~somebody` who is not known here
        return path


def asked(recipe: str | None, folder: str, people: str = "", same_persons: bool = False) -> Asked:
    """The delivery and the recipe, from what somebody typed.

    Args:
        recipe: name of a recipe, or the path of one of the user's own; None if none was chosen.
        folder: path of the delivery; blanks around it and `~` are resolved.
        people: path of the table of Patient IDs; empty for none.
        same_persons: subjects that another dataset brought are the same persons.

    Raises:
        UsageError: no recipe, or no folder.
        NotFound: no such recipe, folder or table.
    """
    if not recipe or not folder.strip():
        raise UsageError("A recipe and a folder are needed.", "Choose a recipe and type the folder's path.")
    recipes.load(recipe)
    source, table = _resolve(folder), _resolve(people) if people.strip() else None
    if not source.is_dir():
        raise NotFound(f"There is no folder at {source}.", "Type the whole path, such as /home/me/delivery.")
    if table and not table.is_file():
        raise NotFound(f"There is no table at {table}.", "Type the whole path of a TSV or CSV file.")
    return Asked(recipe, source, table, same_persons)


def look(registry: Registry, wanted: Asked, progress: Progress) -> Look:
    """What an import would bring; nothing is written, and staged files are removed.

    Args:
        registry: the registry that the delivery would go into.
        wanted: the delivery and the recipe.
        progress: called after each file.

    Raises:
        InvalidInput: nothing fits the recipe, or something in it cannot join the registry.
    """
    recipe = recipes.load(wanted.recipe)
    if propose := importers.find(recipe).propose:
        prepared = importers.prepare(recipe, registry, wanted.options)
        return Look(wanted, planned=propose(prepared, wanted.source, progress))
    return Look(wanted, rehearsal=_rehearse(registry, wanted, wanted.options, progress))


def _rehearse(registry: Registry, wanted: Asked, options: Options, progress: Progress) -> Rehearsal:
    """The import tried without writing; where nothing can come in, the rehearsal says so beside the whole report."""
    try:
        return check_delivery(registry, wanted.recipe, wanted.source, progress, options)
    except NothingCameIn as error:
        return Rehearsal(error.report, 0, 0, obstacle=error.message)


def rehearse(registry: Registry, wanted: Asked, rows: Sequence[Row], progress: Progress) -> Rehearsal:
    """Try the whole import of a DICOM delivery by its corrected plan, conversion included, without writing it.

    The plan is written to a temporary file, which is removed because it holds descriptions of series.

    Args:
        registry: the registry that the delivery would go into.
        wanted: the delivery and the recipe.
        rows: the corrected plan.
        progress: called after each header, then after each converted series.

    Raises:
        CohortiumError: as `delivery.check_delivery`.
    """
    with tempfile.TemporaryDirectory(prefix="cohortium-plan-") as folder:
        path = Path(folder) / "plan.tsv"
        plan.write(path, rows)
        return _rehearse(registry, wanted, {**wanted.options, "plan": path}, progress)


@dataclass(frozen=True)
class Corrected:
    """A plan as somebody corrected it.

    Attributes:
        rows: the plan.
        problems: sentences that say why it cannot be followed yet; lines are counted from 1.
    """

    rows: tuple[Row, ...]
    problems: tuple[str, ...]

    @property
    def kept(self) -> int:
        """Number of series that would be imported."""
        return sum(row.keep == "yes" for row in self.rows)


def correct(planned: Planned, cells: Sequence[Mapping[str, Any]]) -> Corrected:
    """The plan with the cells of an edited table, in the order of its rows."""
    rows, problems = [], []
    for row, written in zip(planned.rows, cells, strict=True):
        try:
            text = {key: None if value is None else str(value) for key, value in written.items()}
            rows.append(plan.apply_decisions(row, text))
        except InvalidInput as error:
            rows.append(row)
            problems.append(f"{error.message} {error.hint}")
    problems += [f"Series {row.series} waits for yes or no: {row.reason}" for row in rows if row.keep == "ask"]
    problems += [f"{error.message} {error.hint}" for _, error in plan.conflicts(rows, planned.blocked)]
    if not any(row.keep in ("yes", "ask") for row in rows):
        problems.append("No series is kept, so there is nothing to import. Write yes in a row.")
    return Corrected(tuple(rows), tuple(_name_lines(problem, rows) for problem in problems))


def without_waiting(planned: Planned) -> Planned:
    """The plan with `no` in every row that waits for a decision."""
    return replace(planned, rows=[replace(row, keep="no") if row.keep == "ask" else row for row in planned.rows])


def outside(planned: Planned) -> list[Refusal]:
    """Files of a DICOM delivery that are in no series."""
    return [Refusal(path, code.value, detail) for path, code, detail in planned.outside]


def _name_lines(sentence: str, rows: Sequence[Row]) -> str:
    """The sentence with the line of each series in place of its key, a salted hash that nobody can find."""
    for number, row in enumerate(rows, start=1):
        known = f" ({row.description})" if row.description else ""
        sentence = sentence.replace(row.series, f"in line {number}{known}")
    return sentence
