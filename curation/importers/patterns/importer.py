"""Any layout that patterns can describe: a cohort is added by a recipe, without code.

`[layout]` of the recipe says which files there are, `[options]` what they become (`rules.Rules`); `docs/recipes.md`
explains both. Start at `stage`.
"""

from __future__ import annotations

from pathlib import Path

from curation.importers.importer import Importer
from curation.importers.patterns import rules as rules_module
from curation.importers.patterns import tables
from curation.importers.patterns.images import note_gaps, stage_image
from curation.importers.patterns.import_state import Run
from curation.importers.patterns.language import Match, sort_by_kind
from curation.importers.patterns.masks import label_tables, stage_mask
from curation.importers.patterns.people import describe
from curation.importers.patterns.rules import MaskRule, role_of
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import RefusedError, Staging
from curation.recipes import Recipe
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write what the recipe's patterns find; whatever they do not know is refused.

    Raises:
        InvalidInput: the recipe is not sound, not one file is an image of its layout, or a table cannot be read.
    """
    rules = rules_module.read(recipe)
    tree = Staging(into, recipe)
    kinds, strange = sort_by_kind(tree.readable(source, list_all(source)), recipe.layout)
    by_role = {role: [kind for kind in kinds if role_of(kind) == role] for role in rules_module.ROLES}
    if not any(kinds[kind] for kind in by_role["image"]):
        raise InvalidInput(
            f"{source.name} holds no images in the layout of '{recipe.name}'.",
            f"Expected files such as {recipe.layout[by_role['image'][0]]}.",
        )
    found = [item for kind in by_role["table"] for item in kinds[kind]]
    run = Run(source, tree, rules, tables.read(tree, source, found, rules.table))
    _stage_files(run, kinds, progress)
    for kind, why in rules.skip.items():
        for item in kinds[kind]:
            tree.refuse(item.path, Reason.NOT_CARRIED, why)
    _refuse_strange(run, strange)
    describe(run)
    note_gaps(run)
    label_tables(run)
    _finish(run)
    return tree.finish()


def _stage_files(run: Run, kinds: dict[str, list[Match]], progress: Progress) -> None:
    """Images first, then the masks on them."""
    images = [item for kind in kinds if role_of(kind) == "image" for item in kinds[kind]]
    masks = [(item, rule) for rule in run.rules.masks for item in kinds[rule.kind]]
    work: list[tuple[Match, MaskRule | None]] = [*((item, None) for item in images), *masks]
    for done, (item, rule) in enumerate(work, start=1):
        try:
            stage_mask(run, item, rule) if rule else stage_image(run, item)
        except RefusedError as error:
            run.tree.refuse(item.path, error.reason, error.detail)
        progress(done, len(work), "files")


def _refuse_strange(run: Run, strange: list[str]) -> None:
    accounted = {*run.tree.used, *(item.path for item in run.tree.refused)}
    for path in strange:
        if path not in accounted:
            run.tree.refuse(path, Reason.UNKNOWN_KIND, "The recipe's layout has no such file.")


def _finish(run: Run) -> None:
    if run.dropped:
        counts = ", ".join(f"{name} ({number})" for name, number in sorted(run.dropped.items()))
        run.tree.notes.append(f"Sidecar fields left out: {counts}.")
    if run.rules.bidsignore:
        text = "\n".join(run.rules.bidsignore) + "\n"
        run.tree.write(f"{run.rules.images}/.bidsignore", text.encode())


IMPORTER = Importer(stage)
