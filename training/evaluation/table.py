"""One table row per source, image and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import GeometryError
from registry.files.volumes import Volume
from registry.manifests import Sample
from registry.measures.surface_distances import Array
from training.evaluation.profiles.profile import Profile, Row


@dataclass(frozen=True)
class ScoredSample:
    """A sample, and who segmented it: the model or a rater.

    Attributes:
        source: `model`, or a rater's code.
        sample: the manifest's entry.
        names: label value (as text) to name.
    """

    source: str
    sample: Sample
    names: Mapping[str, str]


def image_rows(
    profile: Profile, scored: ScoredSample, reference: Volume, predicted: Array, labels: tuple[int, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Score one image, label by label.

    Args:
        profile: computes the measures.
        scored: the sample, and who segmented it.
        reference: (I, J, K) label values with their grid.
        predicted: (I, J, K) label values on the same grid.
        labels: foreground label values.

    Returns:
        Score rows and lesion rows.

    Raises:
        GeometryError: the shapes differ.
    """
    if reference.data.shape != predicted.shape:
        raise GeometryError(
            f"The mask of {scored.source} for {scored.sample.sample} has another shape than its reference.",
            "Predict or export it again on the image's grid.",
        )
    rows, lesions = [], []
    for label in labels:
        found = profile.score(reference.data == label, predicted == label, reference.affine_ras)
        rows.append(_row(scored, label, found.image))
        kept = {key: rows[-1][key] for key in ("source", "part", "sample", "label_name")}
        lesions += [{**kept, **lesion} for lesion in found.lesions]
    return rows, lesions


def _row(scored: ScoredSample, label: int, image: Row) -> dict[str, Any]:
    sample = scored.sample
    return {
        "source": scored.source,
        "part": sample.part,
        "sample": sample.sample,
        "person": sample.person,
        "subject": sample.subject,
        "session": sample.session,
        "site": sample.site,
        "scanner": sample.scanner,
        "class_label": sample.class_label,
        "label": label,
        "label_name": scored.names.get(str(label), str(label)),
        **image,
    }
