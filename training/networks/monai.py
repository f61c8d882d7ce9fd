"""MONAI's networks for segmentation. MONAI is imported when one of them is built, not before."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from registry.errors import ConfigError
from registry.files.settings import nearest
from training.networks.registry import Network, register

if TYPE_CHECKING:
    from torch import nn

    from training.spec import Model

_DYNUNET = {
    r"input_block\.": "encoder",
    r"downsamples\.": "encoder",
    r"bottleneck\.": "bottleneck",
    r"upsamples\.": "decoder",
    r"output_block\.": "head",
}


def _build(fixed: Mapping[str, Any], model: Model, channels: int, classes: int, dims: int) -> nn.Module:
    """A network of MONAI. Its arguments are `[model.kwargs]`, those that follow from the data, and the `fixed` ones.

    Raises:
        ConfigError: an argument the constructor does not know.
    """
    from monai.networks import nets

    constructor: Callable[..., nn.Module] = getattr(nets, model.name)
    ours = {"spatial_dims": dims, "in_channels": channels, "out_channels": classes, **fixed}
    known = [name for name in inspect.signature(constructor).parameters if name not in {"self", *ours}]
    for key in model.kwargs:
        if key not in known:
            raise ConfigError(
                f"{model.name} has no argument 'model.kwargs.{key}'.{nearest(key, known)}",
                f"Allowed here: {', '.join(known)}.",
            )
    return constructor(**ours, **_tuples(model.kwargs))


def _stride(default: tuple[int, ...], model: Model) -> tuple[int, int, int]:
    """The product of `model.kwargs.strides`; an entry is one number for all axes, or one number an axis."""
    i, j, k = 1, 1, 1
    for stride in model.kwargs.get("strides", default):
        a, b, c = [stride] * 3 if isinstance(stride, int) else stride
        i, j, k = i * a, j * b, k * c
    return i, j, k


def _tuples(value: Any) -> Any:
    """The value with tuples for lists: MONAI compares some arguments with tuples, and TOML gives lists."""
    if isinstance(value, Mapping):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


register(Network("UNet", partial(_build, {}), partial(_stride, ())))
register(Network("DynUNet", partial(_build, {"deep_supervision": False}), partial(_stride, ()), _DYNUNET))
register(Network("BasicUNet", partial(_build, {}), partial(_stride, (2, 2, 2, 2))))
