"""Predictions as a BIDS derivative: names, sidecars, dataset description. This module uses no network."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.bids.description import dataset_description, generated_by
from registry.bids.names import BidsName, mask_entities, name, parse, to_label
from registry.errors import UsageError
from registry.files import atomic
from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.mask_storage import encode_on
from registry.files.volumes import Array
from registry.manifests import Manifest, Sample, Truth


@dataclass(frozen=True)
class Derivative:
    """The derivative that holds the predictions of one run.

    Attributes:
        folder: `<run>/derivatives/prediction-<run id>`.
        root: the raw dataset's root, which links and `Sources` refer to.
        run: the run's id, used as `desc`.
        labels: label value (as text) to name, background included.
        protocol: protocol of the target masks.
    """

    folder: Path
    root: Path
    run: str
    labels: Mapping[str, str]
    protocol: str

    @property
    def binary(self) -> bool:
        """Whether predictions are masks (one foreground label of value 1) and not label maps."""
        return [value for value in self.labels if value != "0"] == ["1"]


def folder_of(run_dir: Path, run: str) -> Path:
    """The folder of a run's predictions."""
    return run_dir / "derivatives" / f"prediction-{run}"


def of_run(run_dir: Path, root: Path, manifest: Manifest) -> Derivative:
    """The derivative of the run in a folder, which is named by the run's id.

    Args:
        run_dir: the run's folder; it need not be there yet.
        root: the raw dataset's root.
        manifest: the run's snapshot.
    """
    protocol = next((sample.target.protocol for sample in manifest.samples if sample.target), "prediction")
    return Derivative(folder_of(run_dir, run_dir.name), root, run_dir.name, manifest.labels, protocol)


def require_own_names(derivative: Derivative, samples: Sequence[Sample]) -> None:
    """Refuse samples of which two would have one prediction: the second would overwrite the first.

    A run asks this before it trains, and again before it writes. Samples without a target are not predicted.

    Raises:
        UsageError: names both.
    """
    taken: dict[str, str] = {}
    for sample in samples:
        if sample.target is None:
            continue
        path = str(prediction_name(derivative, sample, sample.target).path)
        if (other := taken.setdefault(path, sample.sample)) != sample.sample:
            raise UsageError(
                f"The predictions of {other} and {sample.sample} would share the name {path}.",
                "Freeze a query that takes the images of one derivative.",
            )


def describe(derivative: Derivative) -> None:
    """Write `dataset_description.json`, `README`, `descriptions.tsv` and, for label maps, the table of labels."""
    relative = Path(os.path.relpath(derivative.root.resolve(), derivative.folder.resolve()))
    raw = f"file:{relative.as_posix()}"
    description = dataset_description(
        f"Predictions of run {derivative.run}",
        {"raw": raw},
        GeneratedBy=[generated_by(f"training run {derivative.run}")],
        SourceDatasets=[{"URL": raw}],
    )
    atomic.write(derivative.folder / "dataset_description.json", readable_json(description))
    text = f"Label maps predicted by run {derivative.run}; see its run.json for data, configuration and scores.\n"
    atomic.write(derivative.folder / "README", text.encode())
    rows = [{"desc_id": f"desc-{derivative.run}", "description": f"predicted by training run {derivative.run}"}]
    atomic.write(derivative.folder / "descriptions.tsv", tsv_bytes(rows, ("desc_id", "description")))
    if not derivative.binary:
        table = [{"index": value, "name": text} for value, text in sorted(derivative.labels.items(), key=_number)]
        atomic.write(derivative.folder / "dseg.tsv", tsv_bytes(table, ("index", "name")))


def publish(derivative: Derivative, sample: Sample, target: Truth, labels: Array) -> dict[str, Any]:
    """Write one label map and its sidecar.

    Args:
        derivative: the folder and the run.
        sample: the sample that was predicted.
        target: its reference; the prediction has its place and its entities.
        labels: (I, J, K) label values on the target's grid.

    Returns:
        The entry of the run record: sample, part, path (relative to the derivative) and sha256.
    """
    bids, data = prediction_name(derivative, sample, target), encode_on(labels, derivative.root / target.path)
    digest = sha256_bytes(data)
    atomic.write(derivative.folder / bids.path, data)
    atomic.write(derivative.folder / bids.sidecar.path, readable_json(_sidecar(derivative, sample, target, digest)))
    return {"sample": sample.sample, "part": sample.part, "path": str(bids.path), "sha256": digest}


def prediction_name(derivative: Derivative, sample: Sample, target: Truth) -> BidsName:
    """The name `<image entities>_space-<grid>_[seg-|label-]_desc-<run>_(mask|dseg).nii.gz`.

    Args:
        derivative: the run, and whether its predictions are masks.
        sample: names the file where the image's path is not BIDS.
        target: names the image; its `label` or `seg` is kept.
    """
    image = parse(target.image) or _name_from_manifest(sample, target)
    if derivative.binary:
        more = {"label": _structure(derivative, target)}
    else:
        more = {"seg": _entity(target, "seg", to_label(derivative.protocol))}
    return name("mask" if derivative.binary else "dseg", **mask_entities(image), **more, desc=derivative.run)


def _sidecar(derivative: Derivative, sample: Sample, target: Truth, digest: str) -> dict[str, Any]:
    names = ", ".join(text for value, text in sorted(derivative.labels.items(), key=_number) if value != "0")
    sidecar: dict[str, Any] = {
        "Description": f"{names}, predicted by training run {derivative.run}",
        "Manual": False,
        "Sources": [f"bids:raw:{ref.path}" for _, ref in sorted(sample.images.items())],
        "SpatialReference": f"bids:raw:{target.image}",
        "GeneratedBy": [generated_by(f"run {derivative.run}")],
        "SHA256": digest,
    }
    lesion = derivative.binary and _structure(derivative, target) == "L"
    return {**sidecar, "Type": "Lesion"} if lesion else sidecar


def _structure(derivative: Derivative, target: Truth) -> str:
    """BIDS' `label` of a binary prediction: that of the target's one file, else made of the name of its class."""
    named = derivative.labels["1"]
    own = _entity(target, "label", "")
    if own and "+" not in named:
        return own
    return "L" if named == "lesion" else to_label(named)


def _entity(target: Truth, key: str, default: str) -> str:
    parsed = parse(target.path)
    return parsed.entities.get(key, default) if parsed else default


def _name_from_manifest(sample: Sample, target: Truth) -> BidsName:
    """A name made from the fields of the manifest, for an image whose path is not BIDS."""
    session = to_label(sample.session.removeprefix("ses-")) if sample.session else None
    suffix = next((to_label(c) for c, ref in sample.images.items() if ref.path == target.image), "image")
    return name(suffix, sub=to_label(sample.subject.removeprefix("sub-")), ses=session)


def _number(item: tuple[str, str]) -> int:
    return int(item[0])
