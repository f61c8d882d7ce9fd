"""Files that have to leave a staged tree, with everything that would describe or cover nothing without them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curation.importers.report import Reason, Refusal
from registry.bids import places
from registry.bids.filenames import parse_name
from registry.bids.names import BidsName, parse
from registry.files.canonical import read_table, readable_json, tsv_bytes
from registry.index.rows.masks import RATED_SUFFIXES

_COMPANIONS = ("aslcontext", "asllabeling", "events", "physio", "stim")
"""Suffixes of the files that describe an image of the same entities and are nothing without it."""


def leave_out(tree: Path, faults: Mapping[str, tuple[Reason, str]]) -> list[Refusal]:
    """Remove files from a staged tree, and return a refusal for each and for all that had to go with them.

    With an image go its sidecar and gradients, what was recorded during it, the masks that lie on it, its row of the
    table of scans, and a calibration image (m0scan) for it alone. A subject that has no volume any more is nobody whom
    the delivery brings.

    Args:
        tree: the staged tree.
        faults: path of each file, relative to the tree, to the reason and one sentence.
    """
    others: dict[str, Refusal] = {}
    for path in faults:
        for item in _remove(tree, path):
            others.setdefault(item.path, item)
    own = [Refusal(path, reason.value, detail) for path, (reason, detail) in faults.items()]
    return [*own, *(item for path, item in others.items() if path not in faults)]


def _remove(tree: Path, path: str) -> list[Refusal]:
    """Remove one file, and return what went with it; the sidecar and the gradients of an image are not named."""
    (tree / path).unlink(missing_ok=True)
    name = parse(path)
    if name is None or not name.extension.startswith(".nii"):
        return []
    gone = []
    for beside in _list_beside(tree / path):
        beside.unlink()
        if beside.name.partition(".")[0] != name.stem and beside.suffix != ".json":
            told = f"It describes {name.path.name}, which stayed outside."
            gone.append(Refusal(beside.relative_to(tree).as_posix(), Reason.IMAGE_REFUSED.value, told))
    _remove_row(tree, path, name)
    for mask in [mask for mask in _list_masks(tree, path, name.subject) if (tree / mask).is_file()]:
        told = f"It was drawn on {name.path.name}, which stayed outside."
        gone += [Refusal(mask, Reason.NO_IMAGE_FOR_MASK.value, told), *_remove(tree, mask)]
    gone += _forget_target(tree, path, name.subject)
    _forget_empty(tree, name.subject)
    return gone


def _list_beside(image: Path) -> list[Path]:
    """The sidecar and gradients of an image that is gone, and what was recorded during it."""
    stem = image.name.partition(".")[0]
    entities = stem.rpartition("_")[0]
    stems = (stem, *(f"{entities}_{suffix}" for suffix in _COMPANIONS))
    return sorted(path for each in stems for path in image.parent.glob(f"{each}.*"))


def _list_masks(tree: Path, image: str, subject: str) -> Iterator[str]:
    """Masks and label maps whose sidecar says that they were drawn on an image."""
    for sidecar in sorted(tree.glob(f"derivatives/*/{subject}/**/*.json")):
        path = sidecar.relative_to(tree).as_posix()
        if parse_name(sidecar.name).suffix not in RATED_SUFFIXES:
            continue
        dataset = places.split_dataset(path)[0]
        fields, about = _read(sidecar), _read(tree / dataset / "dataset_description.json")
        links = about.get("DatasetLinks") or {}
        if image in {places.resolve(uri, dataset, links) for uri in _list_uris(fields)}:
            yield f"{path.removesuffix('.json')}.nii.gz"


def _forget_target(tree: Path, path: str, subject: str) -> list[Refusal]:
    """Take an image that is gone out of each `IntendedFor`; an m0scan that is for nothing else goes too.

    BIDS requires the field of an m0scan; other images are good without it.
    """
    gone = []
    dataset = places.split_dataset(path)[0]
    for sidecar in sorted((tree / dataset / subject).rglob("*.json")):
        fields = _read(sidecar)
        stated = fields.pop("IntendedFor", None)
        targets = stated if isinstance(stated, list) else [stated]
        kept = [target for target in targets if not _is_named(target, path, dataset, subject)]
        if len(kept) == len(targets):
            continue
        if kept or parse_name(sidecar.name).suffix != "m0scan":
            sidecar.write_bytes(readable_json(fields | ({"IntendedFor": kept} if kept else {})))
            continue
        image = sidecar.with_suffix(".nii.gz").relative_to(tree).as_posix()
        told = f"BIDS requires IntendedFor, and {Path(path).name} that it is for stayed outside."
        gone += [Refusal(image, Reason.IMAGE_REFUSED.value, told), *_remove(tree, image)]
    return gone


def _is_named(target: Any, path: str, dataset: str, subject: str) -> bool:
    """Whether a reference, a BIDS URI or a path relative to the dataset or the subject, names this file."""
    if not isinstance(target, str):
        return False
    return path in (places.resolve(target, dataset, {}), f"{dataset}/{subject}/{target}".lstrip("/"))


def _list_uris(fields: dict[str, Any]) -> list[str]:
    sources = fields.get("Sources")
    stated = [fields.get("SpatialReference"), *(sources if isinstance(sources, list) else [sources])]
    return [uri for uri in stated if isinstance(uri, str)]


def _read(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_bytes()) if path.is_file() else {}
    return content if isinstance(content, dict) else {}


def _remove_row(tree: Path, path: str, name: BidsName) -> None:
    """Remove the image's row of the table of scans; a table without rows goes too."""
    folder = f"{places.split_dataset(path)[0]}/{name.session_key}".lstrip("/")
    table = tree / folder / f"{name.session_key.replace('/', '_')}_scans.tsv"
    if not table.is_file():
        return
    columns, rows = read_table(table)
    kept = [row for row in rows if f"{folder}/{row.get('filename')}" != path]
    if kept:
        table.write_bytes(tsv_bytes(kept, columns))
    else:
        table.unlink()


def _forget_empty(tree: Path, subject: str) -> None:
    """Remove a subject's folders and its row of `participants.tsv` if the tree holds no volume of it."""
    folders = [tree / subject, *tree.glob(f"derivatives/*/{subject}")]
    if any(folder.is_dir() and next(folder.rglob("*.nii*"), None) for folder in folders):
        return
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    table = tree / "participants.tsv"
    columns, rows = read_table(table) if table.is_file() else ([], [])
    if kept := [row for row in rows if row.get("participant_id") != subject]:
        table.write_bytes(tsv_bytes(kept, columns))
