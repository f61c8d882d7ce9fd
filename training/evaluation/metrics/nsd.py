"""The normalised surface Dice."""

from __future__ import annotations

from training.evaluation.metrics.metric import Column, Metric

TOLERANCE_MM = 1.0

NSD = Metric(
    "nsd",
    Column(f"NSD {TOLERANCE_MM:g} mm", top=1.0, about=f"Share of both surfaces within {TOLERANCE_MM:g} mm"),
    lambda pair: pair.distances.nsd(TOLERANCE_MM),
    parameters={"tolerance_mm": TOLERANCE_MM},
)
