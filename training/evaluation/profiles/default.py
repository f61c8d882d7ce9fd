"""The evaluation profile `default`: what every number in a score table means.

- Dice: twice the overlap over the sum of both sizes.
- HD95: the larger of the two directed 95th percentiles of surface distances. ASSD: the mean of all of them.
- NSD: share of both surfaces within 1 mm.
- Lesions: 26-connected components; one is matched when the other side touches it in at least one voxel. Detected:
  matched reference lesions. False: predicted lesions that are not matched. Recall also by size band.
- Both sides empty: no value (`both_empty`), left out of means and counted as `n_na`.
- One side empty: Dice and NSD 0, HD95 and ASSD the image diagonal; in the means, and counted as `n_failed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.files.canonical import canonical_json, sha256_bytes
from registry.measures.components import NEIGHBOURS, Lesion, lesions
from registry.measures.surface_distances import Array, diagonal_mm, surface_distances

NAME, VERSION = "default", 1

NSD_TOLERANCE_MM = 1.0
BANDS_MM3 = ((3.0, 10.0), (10.0, 50.0), (50.0, 250.0), (250.0, float("inf")))
"""Lesion size bands; the lower end belongs to the band. Smaller lesions count in the totals only."""

MEASURES = ("dice", "hd95_mm", "assd_mm", "nsd")

SCORED, BOTH_EMPTY = "scored", "both_empty"
REFERENCE_EMPTY, PREDICTION_EMPTY = "reference_empty", "prediction_empty"
FAILED = frozenset({REFERENCE_EMPTY, PREDICTION_EMPTY})


@dataclass(frozen=True)
class Scores:
    """One label of one image.

    Attributes:
        status: `scored`, `both_empty`, `reference_empty` or `prediction_empty`.
        dice: 0..1, or None where both are empty; so are the next three.
        hd95_mm: in millimetres.
        assd_mm: in millimetres.
        nsd: 0..1.
        reference_mm3: volume of the reference.
        predicted_mm3: volume of the prediction.
        lesions: components of both sides.
    """

    status: str
    dice: float | None
    hd95_mm: float | None
    assd_mm: float | None
    nsd: float | None
    reference_mm3: float
    predicted_mm3: float
    lesions: tuple[Lesion, ...]

    def counts(self) -> dict[str, int]:
        """Lesion counts: reference, predicted, detected, false, and both numbers of each size band."""
        own = [lesion for lesion in self.lesions if lesion.side == "reference"]
        other = [lesion for lesion in self.lesions if lesion.side == "predicted"]
        counts = {
            "lesions_reference": len(own),
            "lesions_predicted": len(other),
            "lesions_detected": sum(lesion.matched for lesion in own),
            "lesions_false": sum(not lesion.matched for lesion in other),
        }
        for low, high in BANDS_MM3:
            inside = [lesion for lesion in own if low <= lesion.mm3 < high]
            counts[f"reference_{band_name(low, high)}"] = len(inside)
            counts[f"detected_{band_name(low, high)}"] = sum(lesion.matched for lesion in inside)
        return counts


def score(reference: Array, predicted: Array, affine_ras: Array) -> Scores:
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
    voxel_mm3 = float(abs(np.linalg.det(np.asarray(affine_ras, dtype=float)[:3, :3])))
    a, b = int(reference.sum()), int(predicted.sum())
    status = _status(a, b)
    dice, hd95, assd, nsd = _measures(status, reference, predicted, affine_ras)
    found = lesions(reference, predicted, voxel_mm3)
    return Scores(status, dice, hd95, assd, nsd, a * voxel_mm3, b * voxel_mm3, found)


def description() -> dict[str, Any]:
    """The profile as data, with the SHA-256 of its definitions."""
    bands = [band_name(low, high) for low, high in BANDS_MM3]
    told = {
        "name": NAME,
        "version": VERSION,
        "definitions": __doc__,
        "connectivity": NEIGHBOURS,
        "nsd_tolerance_mm": NSD_TOLERANCE_MM,
        "bands": bands,
    }
    return {**told, "sha256": sha256_bytes(canonical_json(told))}


def band_name(low: float, high: float) -> str:
    """`10_50mm3`, or `250mm3_up` for the open one."""
    return f"{low:g}mm3_up" if high == float("inf") else f"{low:g}_{high:g}mm3"


def _status(reference: int, predicted: int) -> str:
    if reference and predicted:
        return SCORED
    if not reference and not predicted:
        return BOTH_EMPTY
    return PREDICTION_EMPTY if reference else REFERENCE_EMPTY


def _measures(status: str, reference: Array, predicted: Array, affine_ras: Array) -> tuple[float | None, ...]:
    if status == BOTH_EMPTY:
        return (None, None, None, None)
    if status in FAILED:
        far = diagonal_mm(reference.shape, affine_ras)
        return (0.0, far, far, 0.0)
    overlap = int((reference & predicted).sum())
    distances = surface_distances(reference, predicted, affine_ras)
    dice = 2 * overlap / int(reference.sum() + predicted.sum())
    return (dice, distances.hd95_mm, distances.assd_mm, distances.nsd(NSD_TOLERANCE_MM))
