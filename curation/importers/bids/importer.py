"""A dataset that is BIDS already: valid files are imported, the others are listed with their reason.

Images whose header holds no text are copied byte by byte; others lose the text and keep every voxel. Sidecars and
tables lose the fields that are not on the allow-list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from curation.importers import tables
from curation.importers.bids.import_state import BidsImportState, copy_image
from curation.importers.bids.items import Item, ItemKind, sort_file
from curation.importers.bids.masks import copy_mask
from curation.importers.bids.people import copy_visits, describe_people, is_visit, tables_json
from curation.importers.bids.texts import copy_companion, copy_head, missing_sidecars
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import Staging
from curation.recipes import Rater, Recipe
from registry.bids import places
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress

_REFUSED = {
    ItemKind.STRANGE: (Reason.NOT_BIDS_NAME, "Its name or place is not BIDS 1.11, or its data type is not carried."),
    ItemKind.CLOSED: (Reason.NOT_CARRIED, "Hidden files and folders such as sourcedata and code stay outside."),
}


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write the valid part of a BIDS dataset.

    Args:
        recipe: of any BIDS dataset, or of this one.
        source: the dataset's root.
        into: an empty folder.
        progress: called after each file.

    Raises:
        InvalidInput: the delivery has no subject folder.
    """
    items = [sort_file(path) for path in list_all(source)]
    if not any(path.name.startswith("sub-") for path in source.iterdir()):
        raise InvalidInput(f"{source.name} has no subject folders.", "Name the folder that holds sub-... folders.")
    state = BidsImportState(source, Staging(into, recipe), items)
    bring(state, items, progress)
    return finish(state)


def bring(state: BidsImportState, items: list[Item], progress: Progress) -> None:
    """Import the items: images first, masks on them next, then the files that describe what was kept.

    Args:
        state: the import.
        items: those of its files that are to be imported.
        progress: called after each file.
    """
    # Each step needs the one before: a mask its image, a sidecar its data file, a JSON of columns its table.
    order: list[tuple[Callable[[Item], bool], Callable[[BidsImportState, Item], None]]] = [
        (lambda item: item.kind is ItemKind.IMAGE and not item.dataset, copy_image),
        (lambda item: item.kind is ItemKind.IMAGE and bool(item.dataset), copy_image),
        (lambda item: item.kind is ItemKind.MASK, copy_mask),
        (lambda item: item.kind is ItemKind.COMPANION and not is_visit(item) and not _is_json(item), copy_companion),
        (lambda item: item.kind is ItemKind.COMPANION and not is_visit(item) and _is_json(item), copy_companion),
        (lambda item: item.kind is ItemKind.COMPANION and is_visit(item), copy_visits),
        (lambda item: item.kind is ItemKind.HEAD and not _is_json(item), copy_head),
        (lambda item: item.kind is ItemKind.HEAD and _is_json(item), copy_head),
    ]
    done = 0
    for wanted, action in order:
        for item in filter(wanted, items):
            state.attempt(item, lambda item, action=action: action(state, item))
            done += 1
            progress(done, len(items), "files")
    for item in items:
        if item.kind in _REFUSED:
            state.tree.refuse(item.path, *_REFUSED[item.kind])


def finish(state: BidsImportState) -> ImportReport:
    """Write the files that the tree needs and the source did not have, and report."""
    missing_sidecars(state)
    describe_people(state)
    files = tables_json(state)
    recipe, folders = state.tree.recipe, sorted(state.tree.links)
    files |= {"dataset_description.json": tables.description(recipe, recipe.title), "README": tables.readme(recipe)}
    for folder in folders:
        files[f"{folder}/README"] = tables.readme(recipe, f"Part of this dataset: {folder.partition('/')[2]}.")
        links = places.links(state.tree.links[folder])
        files[f"{folder}/dataset_description.json"] = tables.description(recipe, folder.partition("/")[2], links)
        if places.role(folder)[0] is places.Role.READINGS:
            files |= {f"{folder}/{name}": data for name, data in _describe_raters(state, folder).items()}
    for path, data in files.items():
        alike = (path, *(f"{path}{ending}" for ending in (".md", ".rst", ".txt")))
        if not any(name.lower() in state.tree.taken for name in alike):
            state.tree.write(path, data)
    for what, wanted in (("Sidecar fields", False), ("Columns of tables", True)):
        fields = [field for field in sorted(state.dropped) if (".tsv " in field) is wanted]
        counts = [f"{field} ({state.dropped[field]})" for field in fields]
        if counts:
            state.tree.notes.append(f"{what} left out: {', '.join(counts)}.")
    return state.tree.report()


def _describe_raters(state: BidsImportState, folder: str) -> dict[str, bytes]:
    from registry.bids.names import parse

    inside = [parse(places.split_dataset(path)[1]) for path in state.references if path.startswith(f"{folder}/")]
    codes = {name.entities["desc"] for name in inside if name and "desc" in name.entities}
    return tables.raters([Rater(code) for code in codes], places.role(folder)[1])


def _is_json(item: Item) -> bool:
    return item.path.endswith(".json")


IMPORTER = Importer(stage)
