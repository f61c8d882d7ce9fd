"""What a record says of the machine."""

from __future__ import annotations

import torch

from training.record.environment import conv3d_error


def test_the_numeric_self_check_is_exact_here() -> None:
    assert conv3d_error(torch.device("cpu")) == 0
