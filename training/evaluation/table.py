"""One table row per source, image and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import GeometryError
from registry.files.geometry import GRID_TOLERANCE_MM
from registry.files.volumes import Volume, lay_on
from registry.manifests import Sample
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
    profile: Profile, scored: ScoredSample, reference: Volume, predicted: Volume, labels: tuple[int, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Score one image, label by label.

    Args:
        profile: computes the measures.
        scored: the sample, and who segmented it.
        reference: (I, J, K) label values with their grid.
        predicted: label values at the same voxels; its axes may be stored in another order.
        labels: foreground label values.

    Returns:
        Score rows and lesion rows.

    Raises:
        GeometryError: as `lay_on_reference`.
    """
    laid = lay_on_reference(predicted, reference, f"The mask of {scored.source} for {scored.sample.sample}")
    rows, lesions = [], []
    for label in labels:
        found = profile.score(reference.data == label, laid.data == label, reference.affine_ras)
        rows.append(_row(scored, label, found.image))
        kept = {key: rows[-1][key] for key in ("source", "part", "sample", "label_name")}
        lesions += [{**kept, **lesion} for lesion in found.lesions]
    return rows, lesions


def lay_on_reference(mask: Volume, reference: Volume, name: str) -> Volume:
    """A mask with its axes in the order of its reference.

    Args:
        mask: (I, J, K) label values.
        reference: (I, J, K), the mask that it is compared with.
        name: of the mask, for the message.

    Raises:
        GeometryError: the two do not share their voxels. Each may be a tolerance away from the image of both.
    """
    laid = lay_on(mask, reference.data.shape, reference.affine_ras, 2 * GRID_TOLERANCE_MM)
    if laid is None:
        raise GeometryError(
            f"{name} does not lie on the voxels of its reference.", "Predict or export it again on the image's grid."
        )
    return laid


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
