"""A metric and a profile as somebody outside would write them: this one file is all there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.evaluation.metrics.metric import Column, Direction, MaskPair, Metric
from training.evaluation.profiles.lesion import LesionProfile
from training.evaluation.profiles.profile import Rows, Status


def compute(pair: MaskPair) -> float:
    """The difference of both volumes in mm3, without its sign."""
    return abs(int(pair.reference.sum()) - int(pair.predicted.sum())) * pair.voxel_mm3


VOLUME_ERROR = Metric(
    "volume_error_mm3", Column("Volume error", Direction.LOWER, "mm3", 1), compute, penalty=1000.0, version=2
)

VOLUMES = LesionProfile("volumes", 1, measures=(VOLUME_ERROR,), connectivity=6, penalise_empty=True)
"""A profile made of values alone."""


@dataclass(frozen=True)
class Presence:
    """A profile with code of its own: whether both sides say that there is anything."""

    name: str = "presence"
    version: int = 1
    definitions: str = "1 where both sides hold something, or neither."
    empty_policy: str = "empty is an answer like any other"

    @property
    def columns(self) -> Mapping[str, Column]:
        """One measure."""
        return {"right": Column("Right", top=1.0, digits=2)}

    def score(self, reference: np.ndarray, predicted: np.ndarray, affine_ras: np.ndarray) -> Rows:
        """One row without lesions."""
        return Rows({"status": Status.SCORED.value, "right": float(reference.any() == predicted.any())})

    def pool(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """How many were right."""
        return {"n_right": sum(row["right"] for row in rows)}

    def values(self) -> dict[str, Any]:
        """Nothing can be chosen."""
        return {}
