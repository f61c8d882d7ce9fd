"""The human ceiling: the scores of each expert against the majority of the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.files.volumes import Volume
from registry.manifests import Sample, Truth
from registry.measures.overlap import majority_labels
from training.data.samples import Source, read_truth
from training.evaluation.profiles.profile import Profile
from training.evaluation.table import ScoredSample, image_rows, lay_on_reference


def expert_rows(
    profile: Profile, source: Source, sample: Sample, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of every expert who read a sample; none where fewer than two did.

    A reading counts where it has the protocol and the image of the target. A later reading by the same rater does not
    replace an earlier one: each counts on its own.

    Args:
        profile: computes the measures.
        source: where files lie and which labels count.
        sample: the manifest's entry.
        names: label value (as text) to name.
    """
    readings = list_readings(source, sample)
    if len(readings) < 2:
        return [], []
    first = read_truth(source, readings[0])
    volumes = [lay_on_reference(read_truth(source, masks), first, f"The mask {masks[0].path}") for masks in readings]
    rows, lesions = [], []
    for index, reading in enumerate(readings):
        others = [volume.data for n, volume in enumerate(volumes) if n != index]
        reference = Volume(majority_labels(others, source.labels), volumes[index].affine_ras)
        own, found = image_rows(
            profile, ScoredSample(reading[0].source, sample, names), reference, volumes[index], source.labels
        )
        rows += own
        lesions += found
    return rows, lesions


def list_readings(source: Source, sample: Sample) -> list[tuple[Truth, ...]]:
    """The readings of a sample's target: one mask each, or where structures are named one rater's masks of them."""
    target = sample.target
    masks = [
        mask for mask in sample.readings if target and (mask.protocol, mask.image) == (target.protocol, target.image)
    ]
    if not source.structures:
        return [(mask,) for mask in masks]
    by_rater: dict[str, list[Truth]] = {}
    for mask in masks:
        by_rater.setdefault(mask.source, []).append(mask)
    return [tuple(masks) for masks in by_rater.values()]
