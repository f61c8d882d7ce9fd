"""The layout `decathlon`: `dataset.json`, `imagesTr`, `labelsTr`, `imagesTs` of the Medical Segmentation Decathlon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from registry.bids.names import to_label
from registry.export import grids, readback, tables
from registry.export.bundle import Bundle
from registry.export.grids import Frame
from registry.files import volumes
from registry.files.volumes import Volume
from registry.manifests import Manifest, Sample

_TEST = "test"


def write(bundle: Bundle) -> None:
    """Write the snapshot. Several channels become one four-dimensional image; test masks are in `labelsTs`."""
    manifest = bundle.manifest
    names, axes = file_names(manifest), grids.common_axes(bundle)
    for sample in manifest.samples:
        _write_sample(bundle, sample, names[sample.sample], axes)
    readback.conclude(bundle)
    bundle.write_json("dataset.json", _description(manifest, names))
    bundle.write_json("snapshot.json", {**tables.describe(manifest), "files": names})
    if manifest.part(_TEST):
        bundle.notes.append("Masks of the test part are in labelsTs; dataset.json does not list them.")


def file_names(manifest: Manifest) -> dict[str, str]:
    """Sample to file name, `flair_subA000sesM00`; programs for this layout take the text after `_` as the subject."""
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for sample in manifest.samples:
        name = f"{to_label(str(manifest.query['name']))}_{to_label(sample.sample)}"
        names[sample.sample] = f"{name}x{seen[name]}" if seen[name] else name
        seen[name] += 1
    return names


def _write_sample(bundle: Bundle, sample: Sample, name: str, axes: str) -> None:
    named = {0, *map(int, bundle.manifest.labels)}
    frame = grids.Frame(bundle, sample, axes)
    readback.settle(frame, lambda frame: ([_write_image(frame, name)], _write_mask(frame, name)), named)


def _write_image(frame: Frame, name: str) -> str:
    bundle, path = frame.bundle, _format_path("images", frame.sample, name)
    found = list(grids.channels(frame))
    if len(found) == 1 and found[0][2] is None:
        bundle.put(frame.sample.images[found[0][1]], path)
    else:
        sources = [bundle.source(frame.sample.images[channel]) for _, channel, _ in found]
        parts = [item[2] or grids.as_3d(volumes.load(source)) for item, source in zip(found, sources, strict=True)]
        data = grids.stack([part.data for part in parts]) if len(parts) > 1 else parts[0].data
        bundle.write(path, grids.encode(frame, Volume(data, parts[0].affine_ras)))
    return path


def _write_mask(frame: Frame, name: str) -> str:
    path, mask = _format_path("labels", frame.sample, name), grids.target(frame)
    if mask is None:
        frame.bundle.put(frame.bundle.target(frame.sample), path)
    else:
        frame.bundle.write(path, grids.encode(frame, mask))
    return path


def _format_path(kind: str, sample: Sample, name: str) -> str:
    return f"{kind}{'Ts' if sample.part == _TEST else 'Tr'}/{name}.nii.gz"


def _description(manifest: Manifest, names: Mapping[str, str]) -> dict[str, Any]:
    named = [(sample, names[sample.sample]) for sample in manifest.samples]
    training = [item for item in named if item[0].part != _TEST]
    test = [item for item in named if item[0].part == _TEST]
    labels = {"0": "background", **manifest.labels}
    return {
        "name": str(manifest.query["name"]),
        "description": f"Snapshot {manifest.snapshot_id}",
        "licence": "; ".join(manifest.licences),
        "tensorImageSize": "4D" if len(manifest.channels) > 1 else "3D",
        "modality": {str(position): name for position, name in enumerate(manifest.channels)},
        "labels": {value: labels[value] for value in sorted(labels, key=int)},
        "numTraining": len(training),
        "numTest": len(test),
        "training": [
            {"image": f"./{_format_path('images', *item)}", "label": f"./{_format_path('labels', *item)}"}
            for item in training
        ],
        "test": [f"./{_format_path('images', *item)}" for item in test],
    }
