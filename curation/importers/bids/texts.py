"""Sidecars, tables beside images and files above subjects: only allowed fields and columns are imported."""

from __future__ import annotations

import re
from typing import Any

from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item
from curation.importers.bids.tables import columns_of, copy_numbers, copy_table
from curation.importers.cleaning import sidecars
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids import places
from registry.bids.description import BIDS_VERSION
from registry.errors import InvalidInput
from registry.files.canonical import readable_json
from registry.privacy.kinds import Kind
from registry.privacy.patterns import in_text

_TEXTS = ("README", "CHANGES", "LICENSE", "CITATION")


def copy_companion(state: BidsImportState, item: Item) -> None:
    """Write a table, gradient file or sidecar beside images; it needs a data file that was kept."""
    if item.path.endswith(".json"):
        _copy_sidecar(state, item)
        return
    images = state.kept.in_folder(item.target.rpartition("/")[0])
    if not images and places.role(item.dataset)[0] is not places.Role.LESIONS:
        raise RefusedError(Reason.IMAGE_REFUSED, "No image of its folder was kept.")
    if item.path.endswith(".tsv"):
        copy_table(state, item)
    else:
        copy_numbers(state, item)
    state.kept.add(item.target)


def _copy_sidecar(state: BidsImportState, item: Item) -> None:
    fields = _read_object(state, item)
    data_files = state.kept.named_as(item.target)
    if not data_files:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    kept = _translate(state, _keep_fields(state, item, fields))
    reference = next((state.references[path] for path in data_files if path in state.references), None)
    if reference is not None:
        kept = {**kept, **_state_reference(item, reference.path, kept)}
    same = kept == fields
    state.tree.write(item.target, (state.source / item.path).read_bytes() if same else readable_json(kept))


def _keep_fields(state: BidsImportState, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
    """The allowed fields; a task name that differs from the file's own `task-` is replaced by it."""
    kept = state.keep(fields, columns=columns_of(state, item, fields))
    stem = item.target.rpartition("/")[2].partition(".")[0]
    task = next((part.removeprefix("task-") for part in stem.split("_") if part.startswith("task-")), None)
    if task and re.sub(r"[\W_]", "", str(kept.get("TaskName", task))).lower() != task.lower():
        kept["TaskName"] = task
    return kept


def _state_reference(item: Item, image: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Fields that name a mask's image so that the registry finds it; empty if the sidecar does so already."""
    reference = kept.get("SpatialReference")
    links = places.links([image])
    if isinstance(reference, str) and places.resolve(reference, item.dataset, links) == image:
        return {}
    return {"SpatialReference": places.uri(image), "Sources": kept.get("Sources") or [places.uri(image)]}


def missing_sidecars(state: BidsImportState) -> None:
    """Write a sidecar for each mask that came without one: a mask must name the image that it was drawn on."""
    for mask, image in sorted(state.references.items()):
        sidecar = f"{mask.removesuffix('.nii.gz')}.json"
        state.tree.links.setdefault(places.split_dataset(mask)[0], set()).add(image.path)
        if sidecar.lower() not in state.tree.taken:
            uri = places.uri(image.path)
            state.tree.write(sidecar, readable_json({"Sources": [uri], "SpatialReference": uri}))


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
        _copy_inherited(state, item)
    else:
        copy_table(state, item)


def _copy_description(state: BidsImportState, item: Item) -> None:
    fields = _read_object(state, item)
    kept = state.keep(fields, sidecars.DATASET_FIELDS)
    if "GeneratedBy" in kept:
        kept["GeneratedBy"] = [{"Name": "unknown", **program} for program in kept["GeneratedBy"]]
    filled = {"Name": state.tree.recipe.title, "BIDSVersion": BIDS_VERSION, **kept}
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
            f"{item.target} is kept as it is and holds {', '.join(traces)}: look before you share it."
        )
    state.tree.write(item.target, text.encode())


def _is_expected(item: Item, kind: Kind) -> bool:
    """Whether the trace is a date where dates belong: lists of releases and citations."""
    return item.inner.startswith(("CHANGES", "CITATION")) and kind in (Kind.DATE, Kind.DATE_LIKE)


def _copy_inherited(state: BidsImportState, item: Item) -> None:
    suffix = item.inner.removesuffix(".json").split("_")[-1]
    described = suffix in ("scans", "descriptions") or any(
        places.split_dataset(path)[0] == item.dataset and path.partition(".")[0].endswith(f"_{suffix}")
        for path in state.kept
    )
    if not described:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    state.tree.write(item.target, readable_json(_keep_fields(state, item, _read_object(state, item))))


def _read_object(state: BidsImportState, item: Item) -> dict[str, Any]:
    try:
        return sidecars.read(state.source / item.path)
    except InvalidInput as error:
        raise RefusedError(Reason.UNREADABLE_JSON, error.message) from error


def _translate(state: BidsImportState, value: Any) -> Any:
    """The value with new checksums of cleaned files, and with `.nii.gz` for files that were `.nii`."""
    if isinstance(value, dict):
        return {key: _translate(state, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_translate(state, inner) for inner in value]
    if isinstance(value, str) and value.startswith("bids:") and value.endswith(".nii"):
        return f"{value}.gz"
    return state.rewritten.get(value, value) if isinstance(value, str) else value
