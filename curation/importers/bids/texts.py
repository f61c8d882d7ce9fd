"""Tables beside images and files above subjects: only allowed fields and columns are imported."""

from __future__ import annotations

from typing import Any

from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import HEADS, Item
from curation.importers.bids.people import SCAN_COLUMNS
from curation.importers.bids.tables import copy_numbers, copy_table
from curation.importers.cleaning import sidecars
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids import places
from registry.bids.description import BIDS_VERSION
from registry.bids.table_keys import DESCRIPTIONS
from registry.errors import InvalidInput
from registry.files.canonical import readable_json
from registry.privacy.kinds import Kind
from registry.privacy.patterns import in_text

_TEXTS = ("README", "CHANGES", "LICENSE", "CITATION")
_JOINED = ("README", "CITATION")
"""Texts of the source that become the README of the tree, whatever their names end in."""


def copy_companion(state: BidsImportState, item: Item) -> None:
    """Write a table or gradient file beside images; it needs an image of its folder that was kept."""
    images = state.kept.in_folder(item.target.rpartition("/")[0])
    if not images and places.role(item.dataset)[0] is not places.Role.LESIONS:
        raise RefusedError(Reason.IMAGE_REFUSED, "No image of its folder was kept.")
    if item.path.endswith(".tsv"):
        copy_table(state, item)
    else:
        copy_numbers(state, item)
    state.keep_file(item.path, item.target)


def copy_head(state: BidsImportState, item: Item) -> None:
    """Write a file above subjects; its dataset must hold a file that was kept."""
    prefix = f"{item.dataset}/" if item.dataset else "sub-"
    if not any(path.startswith(prefix) for path in state.kept):
        raise RefusedError(Reason.IMAGE_REFUSED, "Nothing of its dataset was kept.")
    if item.inner in ("participants.tsv", "participants.json", "sessions.json"):
        state.tree.used.append(item.path)  # written anew from what was kept
    elif item.inner == "dataset_description.json":
        _copy_description(state, item)
    elif item.inner.startswith(_TEXTS):
        _copy_text(state, item)
    elif item.path.endswith(".json"):
        columns = SCAN_COLUMNS if item.inner == "scans.json" else DESCRIPTIONS
        state.tree.write(item.target, readable_json(state.keep(_read_object(state, item), {}, columns)))
    else:
        copy_table(state, item)
        if item.inner not in HEADS:
            state.keep_file(item.path, item.target)
            state.tables_above.append(item.target)


def _copy_description(state: BidsImportState, item: Item) -> None:
    fields = _read_object(state, item)
    kept = state.keep(fields, sidecars.DATASET_FIELDS)
    if "GeneratedBy" in kept:
        kept["GeneratedBy"] = [{"Name": "unknown", **program} for program in kept["GeneratedBy"]]
    filled = {"Name": state.tree.recipe.title, "BIDSVersion": BIDS_VERSION, **kept}
    if not item.dataset and filled.get("DatasetType", "raw") != "raw":
        state.tree.notes.append(
            f"The delivery calls itself a dataset of type '{filled['DatasetType']}': its raw part came in."
        )
        filled["DatasetType"] = "raw"
    filled["BIDSVersion"] = str(filled["BIDSVersion"]).removeprefix("BIDS ").strip()
    if item.dataset:
        links = places.links(image.path for image in state.references.values())
        filled["DatasetLinks"] = {**(kept.get("DatasetLinks") or {}), **links}
        filled.setdefault("DatasetType", "derivative")
        filled.setdefault("GeneratedBy", [{"Name": "unknown"}])
    same = filled == fields
    state.tree.write(item.target, (state.source / item.path).read_bytes() if same else readable_json(filled))


def _copy_text(state: BidsImportState, item: Item) -> None:
    try:
        text = (state.source / item.path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(Reason.NOT_CARRIED, "It is not UTF-8 text.") from error
    if not text.strip():
        raise RefusedError(Reason.NOT_CARRIED, "It is empty.")
    traces = sorted(
        {what for line in text.splitlines() for kind, what in in_text(line) if not _is_expected(item, kind)}
    )
    if traces:
        state.tree.notes.append(
            f"{item.path} is kept as it is and holds {', '.join(traces)}: look before you share it."
        )
    if item.inner.startswith(_JOINED):
        # BIDS allows one README in a dataset, and CITATION.cff only where the description names no authors: a
        # registry has a README and authors of other deliveries already.
        title = "" if item.inner.startswith("README") else f"# {item.inner}\n\n"
        state.readmes.setdefault(item.dataset, []).append(f"{title}{text}")
    else:
        state.tree.write(item.target, text.encode())


def _is_expected(item: Item, kind: Kind) -> bool:
    """Whether the trace is a date where dates belong: lists of releases and citations."""
    return item.inner.startswith(("CHANGES", "CITATION")) and kind in (Kind.DATE, Kind.DATE_LIKE)


def _read_object(state: BidsImportState, item: Item) -> dict[str, Any]:
    try:
        return sidecars.read(state.source / item.path)
    except InvalidInput as error:
        raise RefusedError(Reason.UNREADABLE_JSON, error.message) from error
