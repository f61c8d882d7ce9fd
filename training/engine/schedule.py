"""How far a run is, and the learning rate that follows from it."""

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


def share_done(told: Optimisation, steps: int, steps_per_epoch: int, elapsed_s: float) -> float:
    """Share 0..1 of the budget that is used; the larger one where epochs and minutes are both limited."""
    by_epochs = steps / (told.epochs * steps_per_epoch) if told.epochs else 0.0
    by_time = elapsed_s / (60 * told.max_minutes) if told.max_minutes else 0.0
    return min(1.0, max(by_epochs, by_time))


def learning_rate(told: Optimisation, share: float) -> float:
    """Linear warm-up, then half a cosine from the peak to its final share.

    Args:
        told: peak, warm-up and final share.
        share: of the budget that is used, 0..1.
    """
    if share < told.warmup:
        return told.lr * max(share / told.warmup, 1e-3)
    along = (share - told.warmup) / (1 - told.warmup)
    falling = 0.5 * (1 + math.cos(math.pi * along))
    return told.lr * (told.final_lr_share + (1 - told.final_lr_share) * falling)
