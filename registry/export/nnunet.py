"""The layout `nnunet`: nnU-Net v2's raw folder, with `splits_final.json` made from the snapshot's own split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from registry.export import grids, readback, tables
from registry.export.bundle import Bundle
from registry.export.grids import Frame
from registry.files.canonical import sha256_bytes
from registry.files.label_maps import require_named
from registry.files.volumes import load_labels
from registry.manifests import Manifest, Sample
from registry.manifests.unjudged import IGNORE, count_dropped, names_unjudged
from registry.vocabulary.display import format_count

_TEST = "test"

FOLDS = 5
"""Number of folds; nnU-Net itself makes as many."""


def write(bundle: Bundle) -> None:
    """Write `imagesTr`, `labelsTr`, `imagesTs`, `labelsTs`, `dataset.json`, and the folds.

    nnU-Net looks for a folder named `DatasetNNN_Name` in `nnUNet_raw`, and for `splits_final.json` in the folder of the
    same name in `nnUNet_preprocessed`.
    """
    manifest = bundle.manifest
    values, axes = consecutive(manifest.labels), grids.common_axes(bundle)
    for sample in manifest.samples:
        _write_sample(bundle, sample, values, axes)
    readback.conclude(bundle)
    bundle.write_json("dataset.json", _description(manifest, values))
    bundle.write_json("snapshot.json", tables.describe(manifest))
    _write_folds(bundle)
    if dropped := count_dropped(manifest):
        bundle.notes.append(
            f"The masks of {format_count(dropped, 'sample')} mark voxels that nobody judged ('{IGNORE}'). The target "
            "was chosen without them, so they are background here."
        )
    if any(old != new for old, new in values.items()):
        bundle.notes.append(f"Label values were made consecutive, as nnU-Net wants them: {values}.")


def _write_folds(bundle: Bundle) -> None:
    """Write the snapshot's own validation part as one fold; without such a part, write folds by person.

    Without this file nnU-Net draws five folds by image, so two visits of one person can be on both sides.
    """
    manifest = bundle.manifest
    if validation := manifest.part("validation"):
        folds = [_fold(manifest.part("train"), validation)]
    else:
        folds = by_person([sample for sample in manifest.samples if sample.part != _TEST])
        bundle.notes.append(
            f"The snapshot has no validation part: {format_count(len(folds), 'fold')} were made by person."
        )
    if not folds:
        bundle.notes.append(
            "All training images are of one person, so there are no folds; nnU-Net's own folds would leak."
        )
        return
    bundle.write_json("splits_final.json", folds)
    bundle.notes.append("nnU-Net reads splits_final.json from nnUNet_preprocessed/DatasetNNN_Name.")


def by_person(samples: Sequence[Sample]) -> list[dict[str, list[str]]]:
    """Up to five folds, each person in the validation part of exactly one; empty for fewer than two persons.

    Persons are dealt out in the order of the SHA-256 of their codes, so that the same persons give the same folds.
    """
    persons = sorted({sample.person for sample in samples}, key=lambda person: sha256_bytes(person.encode()))
    fold_of = {person: at % FOLDS for at, person in enumerate(persons)}
    return [
        _fold([s for s in samples if fold_of[s.person] != fold], [s for s in samples if fold_of[s.person] == fold])
        for fold in range(min(FOLDS, len(persons)))
        if len(persons) > 1
    ]


def _fold(training: Sequence[Sample], validation: Sequence[Sample]) -> dict[str, list[str]]:
    return {"train": [sample.sample for sample in training], "val": [sample.sample for sample in validation]}


def consecutive(labels: Mapping[str, str]) -> dict[int, int]:
    """Label value to its rank; nnU-Net accepts only 0, 1, 2, ... without gaps, and `ignore` as the highest."""
    last = {int(value) for value, name in labels.items() if int(value) and names_unjudged(name)}
    return {value: rank for rank, value in enumerate(sorted({0, *map(int, labels)}, key=lambda v: (v in last, v)))}


def _write_sample(bundle: Bundle, sample: Sample, values: Mapping[int, int], axes: str) -> None:
    frame = grids.Frame(bundle, sample, axes)
    readback.settle(frame, lambda frame: (_write_images(frame), _write_mask(frame, values)), named=set(values.values()))


def _write_images(frame: Frame) -> list[str]:
    paths = []
    for position, name, volume in grids.channels(frame):
        path = f"images{_end(frame.sample)}/{frame.sample.sample}_{position:04d}.nii.gz"
        if volume is None:
            frame.bundle.put(frame.sample.images[name], path)
        else:
            frame.bundle.write(path, grids.encode(frame, volume))
        paths.append(path)
    return paths


def _write_mask(frame: Frame, values: Mapping[int, int]) -> str:
    path = f"labels{_end(frame.sample)}/{frame.sample.sample}.nii.gz"
    target, laid = frame.bundle.target(frame.sample), grids.target(frame)
    if laid is None and all(old == new for old, new in values.items()):
        frame.bundle.put(target, path)
        return path
    mask = laid or load_labels(frame.bundle.source(target))
    require_named(mask.data, values, f"The mask of {frame.sample.sample}")
    lookup = np.zeros(max(values) + 1, np.uint16)
    lookup[list(values)] = list(values.values())
    frame.bundle.write(path, grids.encode(frame, replace(mask, data=lookup[mask.data].astype(mask.data.dtype))))
    return path


def _end(sample: Sample) -> str:
    return "Ts" if sample.part == _TEST else "Tr"


def _description(manifest: Manifest, values: Mapping[int, int]) -> dict[str, Any]:
    return {
        "name": str(manifest.query["name"]),
        "description": f"Snapshot {manifest.snapshot_id}",
        "licence": "; ".join(manifest.licences),
        "channel_names": {str(position): name for position, name in enumerate(manifest.channels)},
        "labels": _label_names(manifest.labels, values),
        "numTraining": sum(sample.part != _TEST for sample in manifest.samples),
        "file_ending": ".nii.gz",
    }


def _label_names(labels: Mapping[str, str], values: Mapping[int, int]) -> dict[str, int]:
    """Name to value; 0 is named `background`, and a name that occurs twice gets its value appended.

    What nobody judged is `ignore` in small letters: nnU-Net takes any other spelling for a structure.
    """
    names = {"background": 0}
    for value in sorted(int(key) for key in labels if int(key)):
        name = IGNORE if names_unjudged(labels[str(value)]) else labels[str(value)]
        names[f"{name}_{value}" if name in names else name] = values[value]
    return names
