"""Metadata and tables that several files share: each file that came in gets all that applies to it, beside itself.

A registry holds several deliveries, and a `T1w.json` at its root would describe the images of all of them. So nothing
is shared in the tree: a sidecar is what the source's sidecars say together, cleaned once. A value that may not stay,
or a layer that cannot be read, therefore never lets the value of a layer above stand in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from curation.importers.bids import references
from curation.importers.bids.import_state import BidsImportState
from curation.importers.bids.items import Item, ItemKind
from curation.importers.bids.shapes import find_nearest
from curation.importers.bids.tables import columns_of, copy_numbers, copy_table
from curation.importers.cleaning import sidecars
from curation.importers.report import Reason
from curation.importers.staging import RefusedError
from registry.bids import places
from registry.bids.filenames import parse_name, strip_extension
from registry.bids.names import BidsName
from registry.errors import InvalidInput
from registry.files.canonical import readable_json

_SHARED = {
    "dwi": (("dwi", ".bval"), ("dwi", ".bvec")),
    "bold": (("events", ".tsv"),),
    "cbv": (("events", ".tsv"),),
    "asl": (("aslcontext", ".tsv"),),
}
"""Suffix of an image to the suffix and extension of each table that it can inherit."""

_OF_ONE_ECHO = frozenset({"echo", "part"})
"""Entities that the tables of a run do not have."""

Targets = Mapping[str, Mapping[str, str]]
"""Path of a shared table to its copies: path in the tree to the path that it would have in the source."""


def find_targets(state: BidsImportState) -> Targets:
    """The copies of each shared table: one for each image that came in and has no nearer table of that kind."""
    found: dict[str, dict[str, str]] = {}
    for item in state.items:
        if item.kind is ItemKind.IMAGE and item.name and state.sources.get(item.target) == item.path:
            for suffix, extension in _SHARED.get(item.name.suffix, ()):
                table = find_nearest(state.by_folder, item, suffix, extension)
                if table is not None and table.kind is ItemKind.INHERITED:
                    target, source = _name_copy(item, suffix, extension)
                    found.setdefault(table.path, {})[target] = source
    return found


def _name_copy(image: Item, suffix: str, extension: str) -> tuple[str, str]:
    """The path of an image's own copy of a table in the tree, and the path that it would have in the source."""
    assert image.name is not None
    entities = {key: label for key, label in image.name.entities.items() if key not in _OF_ONE_ECHO or suffix == "dwi"}
    name = BidsName(entities, suffix, extension, image.name.datatype)
    folder, _, filename = image.path.rpartition("/")
    kept = [part for part in filename.split("_")[:-1] if part.partition("-")[0] in entities]
    return f"{image.dataset}/{name.path}".lstrip("/"), f"{folder}/{'_'.join([*kept, suffix])}{extension}"


def copy_shared(state: BidsImportState, item: Item, targets: Targets) -> None:
    """Write one copy of a shared table beside each image that inherits it."""
    copies = targets.get(item.path)
    if not copies:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    for target, source in sorted(copies.items()):
        if item.path.endswith(".tsv"):
            copy_table(state, item, target)
        else:
            copy_numbers(state, item, target)
        state.keep_file(source, target)
    state.tree.used.append(item.path)


def write_sidecars(state: BidsImportState) -> None:
    """Write the sidecar of every data file that was kept: all that the source says of it, cleaned."""
    hidden: dict[str, int] = {}
    for target, source in sorted(state.sources.items()):
        sidecar = f"{strip_extension(target)}.json"
        for item in state.applying(source):
            state.applied.add(item.path)
        if sidecar.lower() in state.tree.taken:
            continue
        unreadable = state.unreadable_layer(source)
        if unreadable and state.applying(source)[0].path != unreadable:
            hidden[unreadable] = hidden.get(unreadable, 0) + 1
        _write_sidecar(state, target, source)
    for path, count in sorted(hidden.items()):
        state.tree.notes.append(
            f"{path} cannot be read, so {count} {'file has' if count == 1 else 'files have'} no value that stands "
            "above it: correct it and import again."
        )


def _write_sidecar(state: BidsImportState, target: str, source: str) -> None:
    stem = strip_extension(target)
    beside = f"{strip_extension(source)}.json"
    merged = dict(state.metadata(source))
    kept = references.follow(state, source, _keep_fields(state, target, merged))
    image = state.references.get(f"{stem}.nii.gz")
    if image is not None:
        kept = {**kept, **_state_reference(target, image.path, kept)}
        state.tree.links.setdefault(places.split_dataset(target)[0], set()).add(image.path)
    own = state.read_json(beside)
    if kept == own and own:
        state.tree.write(f"{stem}.json", (state.source / beside).read_bytes())
    elif kept:
        state.tree.write(f"{stem}.json", readable_json(kept))


def _keep_fields(state: BidsImportState, target: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The allowed fields; a task name that differs from the file's own `task-` is replaced by it."""
    columns = columns_of(state, target, fields)
    if "/" not in places.split_dataset(target)[1]:  # a table above subjects: its fields about images go to the images
        return sidecars.column_meanings(fields, columns)
    kept = state.keep(fields, columns=columns)
    task = parse_name(target.rpartition("/")[2]).entities.get("task")
    if task and re.sub(r"[\W_]", "", str(kept.get("TaskName", task))).lower() != task.lower():
        kept["TaskName"] = task
    return kept


def _state_reference(mask: str, image: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that name a mask's image so that the registry finds it; empty if the sidecar does so already."""
    reference = kept.get("SpatialReference")
    links = places.links([image])
    if isinstance(reference, str) and places.resolve(reference, places.split_dataset(mask)[0], links) == image:
        return {}
    return {"SpatialReference": places.uri(image), "Sources": kept.get("Sources") or [places.uri(image)]}


def account(state: BidsImportState, item: Item) -> None:
    """Record what became of a sidecar of the source: its fields were used, or it describes nothing that was kept."""
    try:
        sidecars.read(state.source / item.path)
    except InvalidInput as error:
        raise RefusedError(Reason.UNREADABLE_JSON, error.message) from error
    if item.path not in state.applied:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    if item.name is None or item.target.lower() not in state.tree.taken:
        state.tree.used.append(item.path)
