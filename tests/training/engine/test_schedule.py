"""The learning rate follows the share of the budget that is used."""

from __future__ import annotations

import pytest

from training.engine.schedule import learning_rate, share_done
from training.spec import Optimisation


def test_the_learning_rate_warms_up_and_always_anneals() -> None:
    told = Optimisation(max_minutes=2, lr=0.1, warmup=0.1, final_lr_share=0.05)
    rates = [learning_rate(told, n / 100) for n in range(101)]
    assert rates[10] == pytest.approx(0.1)
    assert rates[-1] == pytest.approx(0.005)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert share_done(told, 10**9, 1, 60.0) == 0.5
    assert share_done(Optimisation(epochs=4), 6, 3, 1e9) == 0.5
    assert share_done(Optimisation(epochs=4, max_minutes=1), 6, 3, 45.0) == 0.75
