"""The layout `decathlon`: `dataset.json`, `imagesTr`, `labelsTr`, `imagesTs` of the Medical Segmentation Decathlon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from registry.bids.names import to_label
from registry.export import tables
from registry.export.bundle import Bundle
from registry.export.grids import as_3d, channels, stack
from registry.files import volumes
from registry.manifests import Manifest, Sample

_TEST = "test"


def write(bundle: Bundle) -> None:
    """Write the snapshot; several channels become one four-dimensional image. Test masks lie in `labelsTs`."""
    manifest = bundle.manifest
    names = file_names(manifest)
    for sample in manifest.samples:
        _write_sample(bundle, sample, names[sample.sample])
    bundle.write_json("dataset.json", _description(manifest, names))
    bundle.write_json("snapshot.json", {**tables.stated(manifest), "files": names})
    if manifest.part(_TEST):
        bundle.notes.append("Masks of the test part are in labelsTs; dataset.json does not list them.")


def file_names(manifest: Manifest) -> dict[str, str]:
    """Sample to file name, `flair_subA000sesM00`: readers of this layout take what follows the `_` for the subject."""
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for sample in manifest.samples:
        name = f"{to_label(str(manifest.query['name']))}_{to_label(sample.sample)}"
        names[sample.sample] = f"{name}x{seen[name]}" if seen[name] else name
        seen[name] += 1
    return names


def _write_sample(bundle: Bundle, sample: Sample, name: str) -> None:
    path = _place("images", sample, name)
    brought = list(channels(bundle, sample))
    if len(brought) == 1 and brought[0][2] is None:
        bundle.put(sample.images[brought[0][1]], path)
    else:
        held = [bundle.source(sample.images[channel]) for _, channel, _ in brought]
        parts = [item[2] or as_3d(volumes.load(place)) for item, place in zip(brought, held, strict=True)]
        data = stack([part.data for part in parts]) if len(parts) > 1 else parts[0].data
        bundle.write(path, volumes.encode(data, parts[0].affine_ras))
    bundle.put(bundle.target(sample), _place("labels", sample, name))


def _place(kind: str, sample: Sample, name: str) -> str:
    return f"{kind}{'Ts' if sample.part == _TEST else 'Tr'}/{name}.nii.gz"


def _description(manifest: Manifest, names: Mapping[str, str]) -> dict[str, Any]:
    places = [(sample, names[sample.sample]) for sample in manifest.samples]
    training = [place for place in places if place[0].part != _TEST]
    test = [place for place in places if place[0].part == _TEST]
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
            {"image": f"./{_place('images', *item)}", "label": f"./{_place('labels', *item)}"} for item in training
        ],
        "test": [f"./{_place('images', *item)}" for item in test],
    }
