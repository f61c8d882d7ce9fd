"""Sidecars, tables beside images and files above subjects: only allowed fields and columns come in."""

from __future__ import annotations

import re
from typing import Any

from curation.importers.bids.import_state import Run
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


def copy_companion(run: Run, item: Item) -> None:
    """A table, gradient file or sidecar beside images; it needs a data file that was kept."""
    if item.path.endswith(".json"):
        _copy_sidecar(run, item)
        return
    images = run.kept.in_folder(item.target.rpartition("/")[0])
    if not images and places.role(item.dataset)[0] is not places.Role.LESIONS:
        raise RefusedError(Reason.IMAGE_REFUSED, "No image of its folder was kept.")
    if item.path.endswith(".tsv"):
        copy_table(run, item)
    else:
        copy_numbers(run, item)
    run.kept.add(item.target)


def _copy_sidecar(run: Run, item: Item) -> None:
    fields = _object(run, item)
    data_files = run.kept.named_as(item.target)
    if not data_files:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    kept = _translated(run, _kept(run, item, fields))
    reference = next((run.references[path] for path in data_files if path in run.references), None)
    if reference is not None:
        kept = {**kept, **_reference(run, item, reference.path, kept)}
    same = kept == fields
    run.tree.write(item.target, (run.source / item.path).read_bytes() if same else readable_json(kept))


def _kept(run: Run, item: Item, fields: dict[str, Any]) -> dict[str, Any]:
    """The allowed fields; the name of a task says no more than the file's own name."""
    kept = run.keep(fields, columns=columns_of(run, item, fields))
    stem = item.target.rpartition("/")[2].partition(".")[0]
    task = next((part.removeprefix("task-") for part in stem.split("_") if part.startswith("task-")), None)
    if task and re.sub(r"[\W_]", "", str(kept.get("TaskName", task))).lower() != task.lower():
        kept["TaskName"] = task
    return kept


def _reference(run: Run, item: Item, image: str, kept: dict[str, Any]) -> dict[str, Any]:
    """The image of a mask, stated so that the registry finds it; what is right already stays as it is."""
    stated = kept.get("SpatialReference")
    links = places.links([image])
    if isinstance(stated, str) and places.resolve(stated, item.dataset, links) == image:
        return {}
    return {"SpatialReference": places.uri(image), "Sources": kept.get("Sources") or [places.uri(image)]}


def missing_sidecars(run: Run) -> None:
    """Write a sidecar for each mask that came without one: a mask must say what it was drawn on."""
    for mask, image in sorted(run.references.items()):
        sidecar = f"{mask.removesuffix('.nii.gz')}.json"
        run.tree.links.setdefault(places.split_dataset(mask)[0], set()).add(image.path)
        if sidecar.lower() not in run.tree.taken:
            uri = places.uri(image.path)
            run.tree.write(sidecar, readable_json({"Sources": [uri], "SpatialReference": uri}))


def copy_head(run: Run, item: Item) -> None:
    """A file above subjects, once its dataset holds something."""
    prefix = f"{item.dataset}/" if item.dataset else "sub-"
    if not any(path.startswith(prefix) for path in run.kept):
        raise RefusedError(Reason.IMAGE_REFUSED, "Nothing of its dataset was kept.")
    if item.inner in ("participants.tsv", "participants.json", "sessions.json"):
        run.tree.used.append(item.path)  # written anew from what was kept
    elif item.inner == "dataset_description.json":
        _copy_description(run, item)
    elif item.inner.startswith(_TEXTS):
        _copy_text(run, item)
    elif item.path.endswith(".json"):
        _copy_inherited(run, item)
    else:
        _copy_head_table(run, item)


def _copy_description(run: Run, item: Item) -> None:
    fields = _object(run, item)
    kept = run.keep(fields, sidecars.DATASET_FIELDS)
    if "GeneratedBy" in kept:
        kept["GeneratedBy"] = [{"Name": "unknown", **program} for program in kept["GeneratedBy"]]
    filled = {"Name": run.tree.recipe.title, "BIDSVersion": BIDS_VERSION, **kept}
    filled["BIDSVersion"] = str(filled["BIDSVersion"]).removeprefix("BIDS ").strip()
    if item.dataset:
        links = places.links(image.path for image in run.references.values())
        filled["DatasetLinks"] = {**(kept.get("DatasetLinks") or {}), **links}
        filled.setdefault("DatasetType", "derivative")
        filled.setdefault("GeneratedBy", [{"Name": "unknown"}])
    same = filled == fields
    run.tree.write(item.target, (run.source / item.path).read_bytes() if same else readable_json(filled))


def _copy_text(run: Run, item: Item) -> None:
    try:
        text = (run.source / item.path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError(Reason.NOT_CARRIED, "It is not UTF-8 text.") from error
    if not text.strip():
        raise RefusedError(Reason.NOT_CARRIED, "It is empty.")
    kinds = sorted({said for line in text.splitlines() for kind, said in in_text(line) if not _is_expected(item, kind)})
    if kinds:
        run.tree.notes.append(f"{item.target} is kept as it is and holds {', '.join(kinds)}: look before you share it.")
    run.tree.write(item.target, text.encode())


def _is_expected(item: Item, kind: Kind) -> bool:
    """Releases of a dataset have days, its citation too."""
    return item.inner.startswith(("CHANGES", "CITATION")) and kind in (Kind.DATE, Kind.DATE_LIKE)


def _copy_inherited(run: Run, item: Item) -> None:
    suffix = item.inner.removesuffix(".json").split("_")[-1]
    described = suffix in ("scans", "descriptions") or any(
        places.split_dataset(path)[0] == item.dataset and path.partition(".")[0].endswith(f"_{suffix}")
        for path in run.kept
    )
    if not described:
        raise RefusedError(Reason.IMAGE_REFUSED, "It describes no file that was kept.")
    run.tree.write(item.target, readable_json(_kept(run, item, _object(run, item))))


def _copy_head_table(run: Run, item: Item) -> None:
    copy_table(run, item)


def _object(run: Run, item: Item) -> dict[str, Any]:
    try:
        return sidecars.read(run.source / item.path)
    except InvalidInput as error:
        raise RefusedError(Reason.UNREADABLE_JSON, error.message) from error


def _translated(run: Run, value: Any) -> Any:
    """Checksums of cleaned files, and `.nii` names of files that are `.nii.gz` now, brought up to date."""
    if isinstance(value, dict):
        return {key: _translated(run, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_translated(run, inner) for inner in value]
    if isinstance(value, str) and value.startswith("bids:") and value.endswith(".nii"):
        return f"{value}.gz"
    return run.rewritten.get(value, value) if isinstance(value, str) else value
