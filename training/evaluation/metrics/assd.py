"""The average symmetric surface distance."""

from __future__ import annotations

from training.evaluation.metrics.metric import Column, Direction, Metric

ASSD = Metric(
    "assd_mm",
    Column("ASSD", Direction.LOWER, "mm", 2, about="Average surface distance"),
    lambda pair: pair.distances.assd_mm,
    penalty="diagonal",
)
