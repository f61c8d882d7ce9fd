"""The share of its budget that a run has used, and the learning rate that follows from it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from training.spec import Optimisation


@dataclass
class Clock:
    """Time spent in the loop, over all the processes that worked on a run.

    Attributes:
        before_s: seconds that earlier processes spent, from their last checkpoint.
    """

    before_s: float = 0.0

    def __post_init__(self) -> None:
        self._start = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds in the loop so far."""
        return self.before_s + time.monotonic() - self._start


def share_done(settings: Optimisation, steps: int, steps_per_epoch: int, elapsed_s: float) -> float:
    """The share 0..1 of the budget that is used; the larger one where epochs and minutes are both limited.

    Args:
        settings: the limits, `epochs` and `max_minutes`.
        steps: steps done in all.
        steps_per_epoch: batches in an epoch.
        elapsed_s: seconds in the loop.
    """
    by_epochs = steps / (settings.epochs * steps_per_epoch) if settings.epochs else 0.0
    by_time = elapsed_s / (60 * settings.max_minutes) if settings.max_minutes else 0.0
    return min(1.0, max(by_epochs, by_time))


def learning_rate(settings: Optimisation, share: float) -> float:
    """The learning rate: a linear warm-up, then half a cosine from the peak to its final share.

    Args:
        settings: peak, warm-up and final share.
        share: of the budget that is used, 0..1.
    """
    if share < settings.warmup:
        return settings.lr * max(share / settings.warmup, 1e-3)
    along = (share - settings.warmup) / (1 - settings.warmup)
    falling = 0.5 * (1 + math.cos(math.pi * along))
    return settings.lr * (settings.final_lr_share + (1 - settings.final_lr_share) * falling)
