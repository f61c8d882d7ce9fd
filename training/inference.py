"""From a prepared image to class probabilities, whole or by sliding window, with optional mirror averaging."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import torch
from torch import nn
from torch.nn import functional

from training.config import Prediction
from training.networks import device_of

Stride = tuple[int, int, int]


@torch.no_grad()
def probabilities(network: nn.Module, image: torch.Tensor, told: Prediction, stride: Stride) -> torch.Tensor:
    """Class probabilities of one image.

    Args:
        network: set to evaluation by the caller.
        image: (C, I, J, K) on the working grid.
        told: window, overlap and mirror axes.
        stride: input sizes must be multiples of this; the image is padded with 0 and the result cropped.

    Returns:
        (classes, I, J, K) float32, on the image's device.
    """
    device = device_of(network)
    padded = _padded(image.to(device)[None], stride)
    total = torch.stack([_mirrored(network, padded, told, axes) for axes in _mirrors(told.flip_axes)]).mean(0)
    i, j, k = image.shape[1:]
    return total[0, :, :i, :j, :k]


def _mirrored(network: nn.Module, image: torch.Tensor, told: Prediction, axes: tuple[int, ...]) -> torch.Tensor:
    dims = [axis + 2 for axis in axes]
    logits = _forward(network, image.flip(dims), told)
    return logits.float().softmax(1).flip(dims)


def _forward(network: nn.Module, image: torch.Tensor, told: Prediction) -> torch.Tensor:
    if told.window is None or all(n <= w for n, w in zip(image.shape[2:], told.window, strict=True)):
        return torch.as_tensor(network(image))
    from monai.inferers.utils import sliding_window_inference

    out = sliding_window_inference(image, told.window, 2, network, overlap=told.overlap, mode="gaussian")
    return torch.as_tensor(out)


def _padded(image: torch.Tensor, stride: Stride) -> torch.Tensor:
    missing = [-n % s for n, s in zip(image.shape[2:], stride, strict=True)]
    return functional.pad(image, [0, missing[2], 0, missing[1], 0, missing[0]])


def _mirrors(axes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for count in range(len(axes) + 1):
        yield from combinations(axes, count)
