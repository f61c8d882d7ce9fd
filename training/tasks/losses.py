"""The loss: soft Dice of the foreground classes plus cross-entropy."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from training.spec import Optimisation

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

SMOOTH = 1e-5
"""Keeps an empty class finite; the same value as MONAI's."""


def build(settings: Optimisation) -> Loss:
    """The weighted sum of both terms, as a function of logits (B, classes, ...) and targets (B, 1, ...) int64."""

    def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        total = logits.new_zeros(())
        if settings.dice_weight:
            total = total + settings.dice_weight * soft_dice(logits, target, settings.batch_dice)
        if settings.cross_entropy_weight:
            total = total + settings.cross_entropy_weight * functional.cross_entropy(logits, target[:, 0])
        return total

    return loss


def soft_dice(logits: torch.Tensor, target: torch.Tensor, pooled: bool) -> torch.Tensor:
    """One minus the mean soft Dice of the foreground classes (Milletari et al. 2016, without squares).

    Args:
        logits: (B, classes, I, J, K), before softmax.
        target: (B, 1, I, J, K) int64.
        pooled: sum over the batch before dividing, instead of averaging per image.

    Returns:
        A scalar in 0..1. A class absent from both sides counts as perfect.
    """
    shares = logits.softmax(1)[:, 1:]
    truth = torch.stack([target[:, 0] == c for c in range(1, logits.shape[1])], dim=1).to(shares.dtype)
    axes = (0, 2, 3, 4) if pooled else (2, 3, 4)
    overlap = (shares * truth).sum(axes)
    size = shares.sum(axes) + truth.sum(axes)
    return 1 - ((2 * overlap + SMOOTH) / (size + SMOOTH)).mean()
