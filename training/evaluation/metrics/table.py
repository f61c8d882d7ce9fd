"""Every metric by its name, which is also its column."""

from __future__ import annotations

from training.evaluation.metrics.assd import ASSD
from training.evaluation.metrics.dice import DICE
from training.evaluation.metrics.hd95 import HD95
from training.evaluation.metrics.metric import Metric
from training.evaluation.metrics.nsd import NSD

METRICS: dict[str, Metric] = {metric.name: metric for metric in (DICE, HD95, ASSD, NSD)}
