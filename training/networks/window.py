"""Class probabilities of a prepared image: of the whole or by sliding windows, averaged over mirror images if asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from training.networks.registry import stride_of

if TYPE_CHECKING:
    from training.spec import Config, Prediction

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Fit:
    """The sizes that a network can take.

    Attributes:
        stride: sizes are multiples of this.
        least: sizes are at least this: the patch of training, because norm layers have learned its share of padding.
    """

    stride: Size
    least: Size = (1, 1, 1)

    def size(self, shape: Sequence[int]) -> list[int]:
        """The size to which an image is padded."""
        return [-(-max(n, low) // s) * s for n, low, s in zip(shape, self.least, self.stride, strict=True)]


def fit_of(config: Config) -> Fit:
    """The sizes that the configuration's network takes."""
    return Fit(stride_of(config.model), config.sampling.patch)


@torch.no_grad()
def probabilities(network: nn.Module, image: torch.Tensor, prediction: Prediction, fit: Fit) -> torch.Tensor:
    """Class probabilities of one image.

    Args:
        network: set to evaluation by the caller.
        image: (C, I, J, K) on the working grid.
        prediction: window, overlap and mirror axes.
        fit: sizes of the network. The image is padded with 0 on all sides to such a size, and the result is cropped.

    Returns:
        (classes, I, J, K) float32, on the image's device.
    """
    device = next(network.parameters()).device
    missing = [wanted - n for wanted, n in zip(fit.size(image.shape[1:]), image.shape[1:], strict=True)]
    padded = functional.pad(image.to(device)[None], [m for n in reversed(missing) for m in (n // 2, n - n // 2)])
    total = torch.stack(
        [_predict_mirrored(network, padded, prediction, axes) for axes in _list_mirrors(prediction.flip_axes)]
    ).mean(0)
    i, j, k = (slice(m // 2, m // 2 + n) for m, n in zip(missing, image.shape[1:], strict=True))
    return total[0, :, i, j, k]


def _predict_mirrored(
    network: nn.Module, image: torch.Tensor, prediction: Prediction, axes: tuple[int, ...]
) -> torch.Tensor:
    dims = [axis + 2 for axis in axes]
    logits = _forward(network, image.flip(dims), prediction)
    return logits.float().softmax(1).flip(dims)


def _forward(network: nn.Module, image: torch.Tensor, prediction: Prediction) -> torch.Tensor:
    if prediction.window is None or all(n <= w for n, w in zip(image.shape[2:], prediction.window, strict=True)):
        return torch.as_tensor(network(image))
    from monai.inferers.utils import sliding_window_inference

    out = sliding_window_inference(image, prediction.window, 2, network, overlap=prediction.overlap, mode="gaussian")
    return torch.as_tensor(out)


def _list_mirrors(axes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for count in range(len(axes) + 1):
        yield from combinations(axes, count)
