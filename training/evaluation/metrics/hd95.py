"""The robust Hausdorff distance."""

from __future__ import annotations

from training.evaluation.metrics.metric import Column, Direction, Metric

HD95 = Metric(
    "hd95_mm",
    Column("HD95", Direction.LOWER, "mm", 2, about="95th percentile of surface distances, the larger of both ways"),
    lambda pair: pair.distances.hd95_mm,
    penalty="diagonal",
)
