"""Networks by name from MONAI, with their parameters counted and their groups named."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from registry.errors import ConfigError
from training.parsing import nearest
from training.spec import Config, Model

GROUPS = ("encoder", "bottleneck", "decoder", "head")

_DYNUNET = {
    "input_block": "encoder",
    "downsamples": "encoder",
    "bottleneck": "bottleneck",
    "upsamples": "decoder",
    "output_block": "head",
}

REFUSALS = (TypeError, ValueError, IndexError, KeyError, NotImplementedError, AssertionError)
"""What MONAI's constructors raise for arguments they cannot take. Assertions too: DynUNet for a stride beyond its
kernel, whose padding would be negative."""


def build(model: Model, channels: int, classes: int) -> nn.Module:
    """A fresh network; weights follow torch's global generator, so seed it first.

    Args:
        model: name, arguments, expected count.
        channels: input channels.
        classes: outputs, background included.

    Raises:
        ConfigError: an argument the network does not know or cannot take, or another parameter count.
    """
    constructor = _constructor(model.name)
    _check_kwargs(model, constructor)
    given = {**_fixed(model.name, channels, classes), **_tuples(model.kwargs)}
    try:
        network = constructor(**given)
    except REFUSALS as error:
        raise ConfigError(
            f"{model.name} cannot be built from [model.kwargs]: {error}.",
            "Check that the lists have one entry per level.",
        ) from error
    count = sum(p.numel() for p in network.parameters())
    if model.expected_params is not None and count != model.expected_params:
        message = f"{model.name} has {count:,} parameters, the configuration expects {model.expected_params:,}."
        raise ConfigError(message, f"Mend [model.kwargs] or set expected_params = {count}.")
    return network


def group_of(name: str, parameter: str) -> str | None:
    """The group (`encoder`, ...) a parameter of a network belongs to; None where the network names no groups."""
    return _DYNUNET.get(parameter.split(".", maxsplit=1)[0]) if name == "DynUNet" else None


def count_groups(name: str, network: nn.Module) -> dict[str, int] | None:
    """Parameters per group, or None where the network names no groups."""
    if name != "DynUNet":
        return None
    counts = dict.fromkeys(GROUPS, 0)
    for key, parameter in network.named_parameters():
        if group := group_of(name, key):
            counts[group] += parameter.numel()
    return counts


def stride_of(model: Model) -> tuple[int, int, int]:
    """By what the network halves each axis in all: input sizes must be multiples of it."""
    strides = model.kwargs.get("strides", [2, 2, 2, 2] if model.name == "BasicUNet" else [1])
    total = [1, 1, 1]
    for stride in strides:
        for axis, step in enumerate([stride] * 3 if isinstance(stride, int) else stride):
            total[axis] *= step
    return (total[0], total[1], total[2])


def require_sizes(config: Config) -> None:
    """Check that the network can take the configured patch and window.

    Raises:
        ConfigError: a size is no multiple of the network's total stride, or leaves a single voxel at its bottom.
    """
    stride = stride_of(config.model)
    for key, size in (("sampling.patch", config.sampling.patch), ("prediction.window", config.prediction.window)):
        uneven = any(n % s for n, s in zip(size or stride, stride, strict=True))
        if uneven or (size == stride and max(stride) > 1):
            message = f"'{key}' is {list(size or ())}, which {config.model.name} with these strides cannot take."
            allowed = " x ".join(map(str, stride))
            raise ConfigError(message, f"Allowed: multiples of {allowed}, and larger than that.")


def _constructor(name: str) -> Callable[..., nn.Module]:
    from monai.networks import nets

    found: Callable[..., nn.Module] = getattr(nets, name)
    return found


def _fixed(name: str, channels: int, classes: int) -> dict[str, Any]:
    given: dict[str, Any] = {"spatial_dims": 3, "in_channels": channels, "out_channels": classes}
    return {**given, "deep_supervision": False} if name == "DynUNet" else given


def _check_kwargs(model: Model, constructor: Callable[..., nn.Module]) -> None:
    ours = {"self", *_fixed(model.name, 1, 2)}
    known = [name for name in inspect.signature(constructor).parameters if name not in ours]
    for key in model.kwargs:
        if key not in known:
            raise ConfigError(
                f"{model.name} has no argument 'model.kwargs.{key}'.{nearest(key, known)}",
                f"Allowed here: {', '.join(known)}.",
            )


def _tuples(value: Any) -> Any:
    """MONAI compares names with tuples, TOML gives lists."""
    if isinstance(value, Mapping):
        return {key: _tuples(item) for key, item in value.items()}
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def device_of(network: nn.Module) -> torch.device:
    """Where a network's parameters live."""
    return next(network.parameters()).device
