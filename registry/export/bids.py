"""The layout `bids`: the snapshot's part of the registry as a BIDS dataset with its derivatives."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from sqlmodel import col, select

from registry.bids.names import parse
from registry.bids.places import split_dataset
from registry.export.bundle import Bundle
from registry.export.tables import samples_csv
from registry.files.canonical import read_table, readable_json, tsv_bytes
from registry.manifests import FileRef, encode
from registry.snapshots import content
from registry.tables import File

Row = Mapping[str, str | None]

_NOTES = "code/cohortium"


def write(bundle: Bundle) -> None:
    """Write images, target masks and readings under their own paths, with their sidecars and their rows in tables."""
    refs = bundle.manifest.files()
    paths = {ref.path for ref in refs}
    for ref in refs:
        bundle.put(ref, ref.path)
        _write_companions(bundle, ref)
    for dataset in sorted({split_dataset(path)[0] for path in paths} | {""}):
        _write_root_files(bundle, dataset, paths)
    _write_visit_tables(bundle, paths)
    bundle.write(f"{_NOTES}/{bundle.manifest.snapshot_id}.json.gz", encode(bundle.manifest))
    bundle.write(f"{_NOTES}/samples.csv", samples_csv(bundle.manifest))


def _write_companions(bundle: Bundle, ref: FileRef) -> None:
    """Write the sidecar and the label table of a file; those of an earlier revision are as they were then."""
    stem = ref.path.removesuffix(".gz").removesuffix(".nii")
    for path in (f"{stem}.json", f"{stem}.tsv"):
        held = bundle.registry.root / path
        data = content.beside(bundle.registry, ref, path) if ref.path in bundle.contents.earlier else None
        if data is not None:
            bundle.write(path, data)
        elif held.is_file():
            bundle.write(path, held.read_bytes())


def _write_root_files(bundle: Bundle, dataset: str, paths: set[str]) -> None:
    """Write the files above the subjects: descriptions, raters, label tables, and the rows of exported subjects."""
    subjects = {name.subject for path in paths if (name := parse(split_dataset(path)[1]))}
    for path in _list_root_files(bundle, dataset):
        if PurePosixPath(path).name == "participants.tsv":
            _write_filtered(bundle, path, lambda row: row.get("participant_id") in subjects)
        elif path == "dataset_description.json":
            bundle.write(path, _description(bundle, path))
        else:
            bundle.write(path, (bundle.registry.root / path).read_bytes())


def _description(bundle: Bundle, path: str) -> bytes:
    """The dataset's description with the licences of the exported files instead of those of all deliveries."""
    fields = {**json.loads((bundle.registry.root / path).read_bytes()), "License": "; ".join(bundle.manifest.licences)}
    return readable_json({key: value for key, value in fields.items() if key != "License" or value})


def _list_root_files(bundle: Bundle, dataset: str) -> list[str]:
    above = select(File.path).where(col(File.subject_id).is_(None)).order_by(col(File.path))
    with bundle.registry.reading() as database:
        found = database.exec(above).all()
    kept = [path for path in found if split_dataset(path)[0] == dataset and not path.startswith("code/")]
    ignore = f"{dataset}/.bidsignore".lstrip("/")
    return [*kept, *([ignore] if (bundle.registry.root / ignore).is_file() else [])]


def _write_visit_tables(bundle: Bundle, paths: set[str]) -> None:
    """Write the rows of `sessions.tsv` and `scans.tsv` that belong to exported files."""
    names = [name for path in paths if not split_dataset(path)[0] and (name := parse(path))]
    sessions = {(name.subject, name.session) for name in names}
    for subject in sorted({subject for subject, _ in sessions}):
        kept = {session for owner, session in sessions if owner == subject}
        table = f"{subject}/{subject}_sessions.tsv"
        _write_filtered(bundle, table, lambda row, kept=kept: row.get("session_id") in kept)  # type: ignore[misc]
        _write_copy(bundle, table.replace(".tsv", ".json"))
    for folder in sorted({name.session_key for name in names}):
        table = f"{folder}/{folder.replace('/', '_')}_scans.tsv"
        _write_filtered(bundle, table, lambda row, folder=folder: f"{folder}/{row.get('filename')}" in paths)  # type: ignore[misc]
        _write_copy(bundle, table.replace(".tsv", ".json"))


def _write_filtered(bundle: Bundle, path: str, wanted: Callable[[Row], bool]) -> None:
    held = bundle.registry.root / path
    if held.is_file():
        columns, rows = read_table(held)
        bundle.write(path, tsv_bytes([row for row in rows if wanted(row)], columns))


def _write_copy(bundle: Bundle, path: str) -> None:
    held = bundle.registry.root / path
    if held.is_file():
        bundle.write(path, held.read_bytes())
