"""The Dice coefficient."""

from __future__ import annotations

from registry.measures.overlap import dice
from training.evaluation.metrics.metric import Column, MaskPair, Metric


def compute(pair: MaskPair) -> float:
    """Twice the overlap over the sum of both sizes."""
    return dice(pair.reference, pair.predicted) or 0.0


DICE = Metric("dice", Column("Dice", top=1.0, about="Twice the overlap over the sum of both sizes"), compute)
