"""The human ceiling: each expert against the majority of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from registry.files.volumes import Volume
from registry.manifests import Sample, Target
from registry.measures.surface_distances import Array
from training.data.samples import Source, read_labels
from training.evaluation.table import Subject, image_rows


def expert_rows(
    source: Source, sample: Sample, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of every expert who read a sample; none where fewer than two did.

    Readings count when they follow the target's protocol on the target's image; a rater's later reading of the same
    image replaces no earlier one, each counts for itself.
    """
    readings = [reading for reading in sample.readings if sample.target and _comparable(reading, sample.target)]
    if len(readings) < 2:
        return [], []
    volumes = [read_labels(source, reading) for reading in readings]
    rows, lesions = [], []
    for index, reading in enumerate(readings):
        others = [volume.data for n, volume in enumerate(volumes) if n != index]
        reference = Volume(majority(others, source.labels), volumes[index].affine_ras)
        own, found = image_rows(Subject(reading.source, sample, names), reference, volumes[index].data, source.labels)
        rows += own
        lesions += found
    return rows, lesions


def majority(maps: Sequence[Array], labels: tuple[int, ...]) -> Array:
    """The label more than half of the raters chose, else background.

    Args:
        maps: (I, J, K) label values, one per rater.
        labels: foreground label values.

    Returns:
        (I, J, K) label values. Of two raters both must agree; of one, it is that rater's map.
    """
    out = np.zeros_like(maps[0], dtype=np.uint16)
    for label in labels:
        votes = np.sum([np.asarray(found == label, dtype=np.int32) for found in maps], axis=0)
        out[2 * votes > len(maps)] = label
    return out


def _comparable(reading: Target, target: Target) -> bool:
    return reading.protocol == target.protocol and reading.image == target.image
