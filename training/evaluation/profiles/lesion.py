"""Profiles that compare masks by voxels, by surfaces, and lesion by lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.measures.components import NEIGHBOURS, Connectivity, Lesion, lesions
from registry.measures.surface_distances import Array
from training.evaluation.metrics.metric import Column, MaskPair, Metric
from training.evaluation.profiles.profile import FAILED, Row, Rows, Status

Band = tuple[float, float]

_COUNTS = ("lesions_reference", "lesions_predicted", "lesions_detected", "lesions_false")


@dataclass(frozen=True)
class LesionProfile:
    """A profile whose definitions are values.

    Attributes:
        name: as a configuration gives it.
        version: rises when the meaning of a number changes.
        measures: the metrics, the most important first.
        connectivity: which voxels make one lesion: 6, 18 or 26 neighbours.
        match: share of a lesion's volume; a lesion is matched when the other side covers more than that.
        bands_mm3: ranges of lesion sizes that are counted separately; the lower end belongs to the band.
        penalise_empty: whether an image with one empty side gets each metric's penalty, or no value. It counts as
            failed in both cases.
        definitions: what the numbers mean, as a text for people.
    """

    name: str
    version: int
    measures: tuple[Metric, ...]
    connectivity: Connectivity = NEIGHBOURS
    match: float = 0.0
    bands_mm3: tuple[Band, ...] = ()
    penalise_empty: bool = True
    definitions: str = ""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The measures by name."""
        return {metric.name: metric.column for metric in self.measures}

    @property
    def empty_policy(self) -> str:
        """What masks without voxels get, in words."""
        penalties: dict[str, list[str]] = {}
        for metric in self.measures:
            words = "the image diagonal" if metric.penalty == "diagonal" else f"{metric.penalty:g}"
            penalties.setdefault(words, []).append(metric.column.title)
        sentences = [f"{words} for {' and '.join(titles)}" for words, titles in penalties.items()]
        one = ", ".join(sentences) if self.penalise_empty else "no value"
        return f"both empty: no value, counted in n_na; one empty: {one}, counted in n_failed"

    def score(self, reference: Array, predicted: Array, affine_ras: Array) -> Rows:
        """Compare two masks on one grid.

        Args:
            reference: (I, J, K) bool.
            predicted: (I, J, K) bool.
            affine_ras: 4 x 4, voxel index to RAS millimetres.

        Raises:
            ValueError: the shapes differ.
        """
        if reference.shape != predicted.shape:
            raise ValueError(f"masks of {reference.shape} and {predicted.shape} voxels cannot be compared")
        pair = MaskPair(reference, predicted, affine_ras)
        a, b = int(reference.sum()), int(predicted.sum())
        status = _status(a, b)
        found = lesions(reference, predicted, pair.voxel_mm3, self.connectivity)
        image = {
            "status": status.value,
            **{metric.name: self._value(metric, status, pair) for metric in self.measures},
            "reference_mm3": a * pair.voxel_mm3,
            "predicted_mm3": b * pair.voxel_mm3,
            **self._count(found),
        }
        return Rows(image, tuple(self._lesion_row(lesion) for lesion in found))

    def pool(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Counts of lesions in a group of images with recall and precision; empty where a row has no counts."""
        if any(row.get(name) is None for row in rows for name in _COUNTS):
            return {}
        total = {name: sum(row[name] for row in rows) for name in _COUNTS}
        reference, predicted = total["lesions_reference"], total["lesions_predicted"]
        return {
            **total,
            "lesion_recall": total["lesions_detected"] / reference if reference else None,
            "lesion_precision": (predicted - total["lesions_false"]) / predicted if predicted else None,
        }

    def values(self) -> dict[str, Any]:
        """Everything that the numbers depend on."""
        return {
            "measures": [metric.values() for metric in self.measures],
            "connectivity": self.connectivity,
            "match": self.match,
            "bands": [band_name(band) for band in self.bands_mm3],
            "penalise_empty": self.penalise_empty,
        }

    def _value(self, metric: Metric, status: Status, pair: MaskPair) -> float | None:
        if status is Status.SCORED:
            return metric.compute(pair)
        return metric.penalise(pair) if status in FAILED and self.penalise_empty else None

    def _is_matched(self, lesion: Lesion) -> bool:
        return lesion.overlap_mm3 > self.match * lesion.mm3

    def _count(self, found: Sequence[Lesion]) -> dict[str, int]:
        own = [lesion for lesion in found if lesion.side == "reference"]
        other = [lesion for lesion in found if lesion.side == "predicted"]
        detected, right = sum(map(self._is_matched, own)), sum(map(self._is_matched, other))
        counts = dict(zip(_COUNTS, (len(own), len(other), detected, len(other) - right), strict=True))
        for band in self.bands_mm3:
            inside = [lesion for lesion in own if band[0] <= lesion.mm3 < band[1]]
            counts[f"reference_{band_name(band)}"] = len(inside)
            counts[f"detected_{band_name(band)}"] = sum(map(self._is_matched, inside))
        return counts

    def _lesion_row(self, lesion: Lesion) -> dict[str, Any]:
        i, j, k = (round(c, 2) for c in lesion.centre)
        return {
            "side": lesion.side,
            "number": lesion.number,
            "mm3": lesion.mm3,
            "overlap_mm3": lesion.overlap_mm3,
            "matched": int(self._is_matched(lesion)),
            "i": i,
            "j": j,
            "k": k,
        }


def band_name(band: Band) -> str:
    """The name of a band: `10_50mm3`, or `250mm3_up` for the open one."""
    low, high = band
    return f"{low:g}mm3_up" if high == float("inf") else f"{low:g}_{high:g}mm3"


def _status(reference: int, predicted: int) -> Status:
    if reference and predicted:
        return Status.SCORED
    if not reference and not predicted:
        return Status.BOTH_EMPTY
    return Status.PREDICTION_EMPTY if reference else Status.REFERENCE_EMPTY
