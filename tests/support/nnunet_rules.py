"""The rules by which nnU-Net v2 checks a raw data set before it uses one, written after its documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK


def find_faults(folder: Path) -> list[str]:
    """What nnU-Net would stop at or warn of in a folder `DatasetNNN_Name`, read with SimpleITK as it does.

    Labels are 0, 1, 2, ... without gaps, and masks hold no others; every case has a file a channel, on the shape, voxel
    edges, origin and direction of its mask; `numTraining` counts the cases; no voxel of an image is NaN.
    """
    described = json.loads((folder / "dataset.json").read_text())
    labels, channels = sorted(described["labels"].values()), sorted(map(int, described["channel_names"]))
    end = described["file_ending"]
    faults = []
    if described["labels"].get("background") != 0 or labels != list(range(len(labels))):
        faults.append(f"labels are {described['labels']}")
    if channels != list(range(len(channels))):
        faults.append(f"channels are {channels}")
    cases = sorted(path.name.removesuffix(end) for path in (folder / "labelsTr").glob(f"*{end}"))
    if len(cases) != described["numTraining"]:
        faults.append(f"{len(cases)} cases, numTraining is {described['numTraining']}")
    for part in ("Tr", "Ts"):
        masks = sorted((folder / f"labels{part}").glob(f"*{end}"))
        images = sorted(path.name for path in (folder / f"images{part}").glob("*"))
        stems = [mask.name.removesuffix(end) for mask in masks]
        if images != sorted(f"{stem}_{channel:04d}{end}" for stem in stems for channel in channels):
            faults.append(f"images{part} and labels{part} do not belong together")
        for mask, stem in zip(masks, stems, strict=True):
            files = [folder / f"images{part}" / f"{stem}_{channel:04d}{end}" for channel in channels]
            faults += [f"{stem}: {fault}" for fault in _compare(mask, files, labels)]
    return faults


def _compare(mask: Path, images: list[Path], labels: list[int]) -> list[str]:
    try:
        truth, read = SimpleITK.ReadImage(mask), [SimpleITK.ReadImage(path) for path in images]
    except RuntimeError as error:
        return [str(error).splitlines()[-1]]
    found = np.unique(SimpleITK.GetArrayFromImage(truth))
    faults = [] if found.dtype.kind in "iu" else ["labels are decimals"]
    faults += [f"label {value}" for value in found.tolist() if value not in labels]
    for image in read:
        if image.GetDimension() != 3 or image.GetSize() != truth.GetSize():
            faults.append(f"{image.GetSize()} voxels, the mask {truth.GetSize()}")
            continue
        faults += [name for name in ("Spacing", "Origin", "Direction") if not _close(image, truth, f"Get{name}")]
        faults += ["NaN"] * bool(np.isnan(SimpleITK.GetArrayFromImage(image)).any())
    return faults


def _close(one: Any, other: Any, name: str) -> bool:
    return np.allclose(getattr(one, name)(), getattr(other, name)(), atol=1e-6)
