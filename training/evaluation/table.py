"""One table row per source, image and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import GeometryError
from registry.files.volumes import Volume
from registry.manifests import Sample
from registry.measures.components import Lesion
from registry.measures.surface_distances import Array
from training.evaluation.profiles import default


@dataclass(frozen=True)
class Subject:
    """Whose answer on which sample is scored.

    Attributes:
        source: `model`, or a rater's code.
        sample: the manifest's entry.
        names: label value (as text) to name.
    """

    source: str
    sample: Sample
    names: Mapping[str, str]


def image_rows(
    subject: Subject, reference: Volume, predicted: Array, labels: tuple[int, ...]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Score one image, label by label.

    Args:
        subject: source and sample.
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
            f"The answer of {subject.source} for {subject.sample.sample} has another shape than its reference.",
            "Predict or export it again on the image's grid.",
        )
    rows, lesions = [], []
    for label in labels:
        scores = default.score(reference.data == label, predicted == label, reference.affine_ras)
        rows.append(_row(subject, label, scores))
        lesions += [_lesion_row(rows[-1], lesion) for lesion in scores.lesions]
    return rows, lesions


def _row(subject: Subject, label: int, scores: default.Scores) -> dict[str, Any]:
    sample = subject.sample
    return {
        "source": subject.source,
        "part": sample.part,
        "sample": sample.sample,
        "person": sample.person,
        "subject": sample.subject,
        "session": sample.session,
        "site": sample.site,
        "scanner": sample.scanner,
        "class_label": sample.class_label,
        "label": label,
        "label_name": subject.names.get(str(label), str(label)),
        "status": scores.status,
        **{measure: getattr(scores, measure) for measure in default.MEASURES},
        "reference_mm3": scores.reference_mm3,
        "predicted_mm3": scores.predicted_mm3,
        **scores.counts(),
    }


def _lesion_row(row: Mapping[str, Any], lesion: Lesion) -> dict[str, Any]:
    kept = {key: row[key] for key in ("source", "part", "sample", "label_name")}
    i, j, k = (round(c, 2) for c in lesion.centre)
    return {
        **kept,
        "side": lesion.side,
        "number": lesion.number,
        "mm3": lesion.mm3,
        "overlap_mm3": lesion.overlap_mm3,
        "matched": int(lesion.matched),
        "i": i,
        "j": j,
        "k": k,
    }
