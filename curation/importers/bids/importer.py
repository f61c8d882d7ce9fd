"""A dataset that is BIDS already: what is valid comes in, what is not is listed with its reason.

Images whose header holds no text are copied byte by byte; others lose the text and keep every voxel. Sidecars and
tables lose the fields that are not on the allow-list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from curation.importers import tables
from curation.importers.bids.import_state import Run, copy_image
from curation.importers.bids.items import Item, Kind, sort_file
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
    Kind.STRANGE: (Reason.NOT_BIDS_NAME, "Its name or place is not BIDS 1.11, or its data type is not carried."),
    Kind.CLOSED: (Reason.NOT_CARRIED, "Hidden files and folders such as sourcedata and code stay outside."),
}


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
    """Write the valid part of a BIDS dataset.

    Raises:
        InvalidInput: there is not one subject folder.
    """
    items = [sort_file(path) for path in list_all(source)]
    if not any(path.name.startswith("sub-") for path in source.iterdir()):
        raise InvalidInput(f"{source.name} has no subject folders.", "Name the folder that holds sub-... folders.")
    run = Run(source, Staging(into, recipe), items)
    bring(run, items, progress)
    return finish(run)


def bring(run: Run, items: list[Item], progress: Progress) -> None:
    """Images first, masks on them next, then what describes the files that were kept."""
    order: list[tuple[Callable[[Item], bool], Callable[[Run, Item], None]]] = [
        (lambda item: item.kind is Kind.IMAGE and not item.dataset, copy_image),
        (lambda item: item.kind is Kind.IMAGE and bool(item.dataset), copy_image),
        (lambda item: item.kind is Kind.MASK, copy_mask),
        (lambda item: item.kind is Kind.COMPANION and not is_visit(item) and not _is_json(item), copy_companion),
        (lambda item: item.kind is Kind.COMPANION and not is_visit(item) and _is_json(item), copy_companion),
        (lambda item: item.kind is Kind.COMPANION and is_visit(item), copy_visits),
        (lambda item: item.kind is Kind.HEAD and not _is_json(item), copy_head),
        (lambda item: item.kind is Kind.HEAD and _is_json(item), copy_head),
    ]
    done = 0
    for wanted, action in order:
        for item in filter(wanted, items):
            run.attempt(item, lambda item, action=action: action(run, item))
            done += 1
            progress(done, len(items), "files")
    for item in items:
        if item.kind in _REFUSED:
            run.tree.refuse(item.path, *_REFUSED[item.kind])


def finish(run: Run) -> ImportReport:
    """Write what the tree needs and the source did not have, and report."""
    missing_sidecars(run)
    describe_people(run)
    files = tables_json(run)
    recipe, folders = run.tree.recipe, sorted(run.tree.links)
    files |= {"dataset_description.json": tables.description(recipe, recipe.title), "README": tables.readme(recipe)}
    for folder in folders:
        files[f"{folder}/README"] = tables.readme(recipe, f"Part of this dataset: {folder.partition('/')[2]}.")
        links = places.links(run.tree.links[folder])
        files[f"{folder}/dataset_description.json"] = tables.description(recipe, folder.partition("/")[2], links)
        if places.role(folder)[0] is places.Role.READINGS:
            files |= {f"{folder}/{name}": data for name, data in _raters(run, folder).items()}
    for path, data in files.items():
        alike = (path, *(f"{path}{ending}" for ending in (".md", ".rst", ".txt")))
        if not any(name.lower() in run.tree.taken for name in alike):
            run.tree.write(path, data)
    for what, wanted in (("Sidecar fields", False), ("Columns of tables", True)):
        fields = [field for field in sorted(run.dropped) if (".tsv " in field) is wanted]
        counts = [f"{field} ({run.dropped[field]})" for field in fields]
        if counts:
            run.tree.notes.append(f"{what} left out: {', '.join(counts)}.")
    return run.tree.report()


def _raters(run: Run, folder: str) -> dict[str, bytes]:
    from registry.bids.names import parse

    inside = [parse(places.split_dataset(path)[1]) for path in run.references if path.startswith(f"{folder}/")]
    codes = {name.entities["desc"] for name in inside if name and "desc" in name.entities}
    return tables.raters([Rater(code) for code in codes], places.role(folder)[1])


def _is_json(item: Item) -> bool:
    return item.path.endswith(".json")


IMPORTER = Importer(stage)
