"""Any layout that patterns can describe: a cohort is added by a recipe, without code.

`[layout]` of the recipe says which files there are, `[options]` what they become (`rules.PatternRules`);
`docs/recipes.md` explains both. Start at `stage`.
"""

from __future__ import annotations

from pathlib import Path

from curation.importers.importer import Importer
from curation.importers.patterns import rules as rules_module
from curation.importers.patterns import tables
from curation.importers.patterns.images import note_gaps, stage_image
from curation.importers.patterns.import_state import PatternImportState
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
    """Write the files that fit the recipe's patterns; other files are refused.

    Args:
        recipe: with `layout` and `options`.
        source: the delivery's folder.
        into: an empty folder.
        progress: called after each file.

    Raises:
        InvalidInput: the recipe is not sound, no file is an image of its layout, or a table cannot be read.
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
    table_files = [item for kind in by_role["table"] for item in kinds[kind]]
    state = PatternImportState(source, tree, rules, tables.read(tree, source, table_files, rules.table))
    _stage_files(state, kinds, progress)
    for kind, why in rules.skip.items():
        for item in kinds[kind]:
            tree.refuse(item.path, Reason.NOT_CARRIED, why)
    _refuse_strange(state, strange)
    describe(state)
    tables.note_unmatched(tree, state.rows)
    note_gaps(state)
    label_tables(state)
    _finish(state)
    return tree.finish()


def _stage_files(state: PatternImportState, kinds: dict[str, list[Match]], progress: Progress) -> None:
    """Stage the images first, then the masks on them."""
    images = [item for kind in kinds if role_of(kind) == "image" for item in kinds[kind]]
    masks = [(item, rule) for rule in state.rules.masks for item in kinds[rule.kind]]
    work: list[tuple[Match, MaskRule | None]] = [*((item, None) for item in images), *masks]
    for done, (item, rule) in enumerate(work, start=1):
        try:
            stage_mask(state, item, rule) if rule else stage_image(state, item)
        except RefusedError as error:
            state.tree.refuse(item.path, error.reason, error.detail)
        progress(done, len(work), "files")


def _refuse_strange(state: PatternImportState, strange: list[str]) -> None:
    accounted = {*state.tree.used, *(item.path for item in state.tree.refused)}
    for path in strange:
        if path not in accounted:
            state.tree.refuse(path, Reason.UNKNOWN_KIND, "The recipe's layout has no such file.")


def _finish(state: PatternImportState) -> None:
    if state.dropped:
        counts = ", ".join(f"{name} ({number})" for name, number in sorted(state.dropped.items()))
        state.tree.notes.append(f"Sidecar fields left out: {counts}.")
    if state.rules.bidsignore:
        text = "\n".join(state.rules.bidsignore) + "\n"
        state.tree.write(f"{state.rules.images}/.bidsignore", text.encode())


IMPORTER = Importer(stage)
