"""The loss, against MONAI and against plain arithmetic."""

from __future__ import annotations

import pytest
import torch
from monai.losses import DiceCELoss

from training.spec import Optimisation
from training.tasks import losses


@pytest.mark.parametrize("pooled", [False, True])
def test_the_loss_is_monais(pooled: bool) -> None:
    logits, target = torch.randn(2, 3, 5, 6, 7), torch.randint(0, 3, (2, 1, 5, 6, 7))
    oracle = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=pooled)
    # MONAI leaves the background out of the cross-entropy too; ours keeps it there, where it teaches.
    oracle.cross_entropy = torch.nn.CrossEntropyLoss()
    dice = oracle.dice(logits, target)
    entropy = torch.nn.functional.cross_entropy(logits, target[:, 0])
    ours = losses.build(Optimisation(batch_dice=pooled, dice_weight=0.7, cross_entropy_weight=1.3))(logits, target)
    assert torch.isclose(ours, 0.7 * dice + 1.3 * entropy, rtol=1e-5)


def test_a_perfect_answer_costs_nothing_and_an_absent_class_is_perfect() -> None:
    target = torch.zeros(1, 1, 4, 4, 4, dtype=torch.long)
    target[..., :2] = 1
    logits = 50.0 * torch.nn.functional.one_hot(target[:, 0], 3).permute(0, 4, 1, 2, 3)
    assert losses.soft_dice(logits, target, False) < 1e-4
