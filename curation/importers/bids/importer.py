"""A dataset that is BIDS already: valid files are imported, the others are listed with their reason.

Images whose header holds no text are copied byte by byte; others lose the text and keep every voxel. Sidecars and
tables lose the fields that are not on the allow-list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from curation.importers import tables
from curation.importers.bids import inheritance, references
from curation.importers.bids.import_state import BidsImportState, copy_image
from curation.importers.bids.items import SUFFIXES, Item, ItemKind, find_foreign_datatype, is_of_derivative, sort_file
from curation.importers.bids.masks import copy_mask
from curation.importers.bids.people import copy_visits, describe_people, is_visit, tables_json
from curation.importers.bids.requirements import ignore_incomplete
from curation.importers.bids.texts import copy_companion, copy_head
from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason
from curation.importers.staging import Staging
from curation.recipes import Rater, Recipe
from registry.bids import places
from registry.bids.walk import list_all
from registry.errors import InvalidInput
from registry.files.progress import Progress
from registry.vocabulary.display import format_count

_REFUSED = {
    ItemKind.STRANGE: (Reason.NOT_BIDS_NAME, "Its name or place is not BIDS 1.11."),
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
    done = 0

    def run(wanted: Callable[[Item], bool], action: Callable[[BidsImportState, Item], None]) -> None:
        nonlocal done
        for item in filter(wanted, items):
            state.attempt(item, lambda item: action(state, item))
            done += 1
            progress(done, len(items), "files")

    # Each step needs the one before: a mask its image, a table its images, a sidecar its data file.
    run(lambda item: item.kind is ItemKind.IMAGE and not item.dataset and not _is_m0(item), copy_image)
    run(lambda item: item.kind is ItemKind.IMAGE and not item.dataset and _is_m0(item), _copy_m0)
    run(lambda item: item.kind is ItemKind.IMAGE and bool(item.dataset), copy_image)
    run(lambda item: item.kind is ItemKind.MASK, copy_mask)
    run(lambda item: item.kind is ItemKind.COMPANION and not is_visit(item) and not _is_json(item), copy_companion)
    targets = inheritance.find_targets(state)
    run(
        lambda item: item.kind is ItemKind.INHERITED and not _is_json(item),
        lambda state, item: inheritance.copy_shared(state, item, targets),
    )
    run(lambda item: item.kind is ItemKind.HEAD and not _is_json(item), copy_head)
    inheritance.write_sidecars(state)
    run(
        lambda item: item.kind in (ItemKind.COMPANION, ItemKind.INHERITED) and not is_visit(item) and _is_json(item),
        inheritance.account,
    )
    run(lambda item: item.kind is ItemKind.COMPANION and is_visit(item), copy_visits)
    run(lambda item: item.kind is ItemKind.HEAD and _is_json(item), copy_head)
    _refuse_foreign(state, items)


def _is_m0(item: Item) -> bool:
    return item.name is not None and item.name.suffix == "m0scan"


def _copy_m0(state: BidsImportState, item: Item) -> None:
    """Write a calibration image, if a perfusion series that it is for came in: BIDS requires that it names one."""
    references.require_kept(state, item.path, "IntendedFor")
    copy_image(state, item)


def _refuse_foreign(state: BidsImportState, items: list[Item]) -> None:
    """Refuse what is no file of ours; data of other types, such as EEG, are named and counted."""
    others: Counter[str] = Counter()
    for item in items:
        if item.kind is ItemKind.STRANGE and (datatype := find_foreign_datatype(item)):
            others[datatype] += 1
            held = ", ".join(SUFFIXES)
            state.tree.refuse(item.path, Reason.OTHER_TYPE, f"Data of the type {datatype}: the registry holds {held}.")
        elif item.kind is ItemKind.STRANGE and is_of_derivative(item):
            state.tree.refuse(
                item.path,
                Reason.NOT_BIDS_NAME,
                "A name of a derivative: import the raw dataset with this one below its derivatives/.",
            )
        elif item.kind in _REFUSED:
            state.tree.refuse(item.path, *_REFUSED[item.kind])
    if others:
        counts = ", ".join(f"{format_count(count, 'file')} of {datatype}" for datatype, count in others.most_common())
        state.tree.notes.append(f"Data of other types stayed outside: {counts}.")


def finish(state: BidsImportState) -> ImportReport:
    """Write the files that the tree needs and the source did not have, and report."""
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
    files |= ignore_incomplete(state)
    for dataset, texts in state.readmes.items():
        files[f"{dataset}/README".lstrip("/")] = "\n\n".join(texts).encode()
    for path, data in files.items():
        if path.lower() not in state.tree.taken:
            state.tree.write(path, data)
    for words, paths in sorted(state.anew.items()):
        stored = f"{format_count(len(paths), 'label map')} stored {words}"
        state.tree.notes.append(
            f"Written anew, with the values and the place that were checked: {stored} ({paths[0]})."
        )
    for what, wanted in (("Sidecar fields", False), ("Columns of tables", True)):
        fields = [field for field in sorted(state.dropped) if (".tsv " in field) is wanted]
        counts = [f"{field} ({state.dropped[field]})" for field in fields]
        if counts:
            state.tree.notes.append(f"{what} left out: {', '.join(counts)}.")
    if state.unfit:
        unfit = ", ".join(f"{field} ({count})" for field, count in sorted(state.unfit.items()))
        state.tree.notes.append(
            f"Values left out because BIDS, which counts in seconds, tesla and degrees, has no such values: {unfit}."
        )
    return state.tree.report()


def _describe_raters(state: BidsImportState, folder: str) -> dict[str, bytes]:
    from registry.bids.names import parse

    inside = [parse(places.split_dataset(path)[1]) for path in state.references if path.startswith(f"{folder}/")]
    codes = {name.entities["desc"] for name in inside if name and "desc" in name.entities}
    known = {rater.code: rater for rater in state.tree.recipe.raters}
    return tables.raters([known.get(code, Rater(code)) for code in codes], places.role(folder)[1])


def _is_json(item: Item) -> bool:
    return item.path.endswith(".json")


IMPORTER = Importer(stage)
