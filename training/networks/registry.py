"""The table of networks: what training may build, by the name that a configuration gives.

A new network is one file that calls `register`: in this folder, or in another installed package that names its
module in the entry points `cohortium.networks`. Light on purpose: reading a configuration checks its network's name.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from registry.errors import ConfigError
from registry.files.settings import nearest

if TYPE_CHECKING:
    from torch import nn

    from training.spec import Config, Model

ENTRY_POINTS = "cohortium.networks"

REFUSALS = (TypeError, ValueError, IndexError, KeyError, NotImplementedError, AssertionError)
"""What constructors of networks raise for arguments they cannot take. Assertions too: MONAI's DynUNet for a stride
beyond its kernel, whose padding would be negative."""


@dataclass(frozen=True)
class Network:
    """A family of networks.

    Attributes:
        name: what `model.name` of a configuration says.
        build: from (model, input channels, outputs with the background, spatial axes) to a network with fresh weights
            that maps (B, channels, *size) to logits (B, outputs, *size). Weights follow torch's global generator.
        stride: from the model to the factor by which each axis is halved in all; sizes must be multiples of it.
        groups: regular expression that the start of a parameter's name must match, to the group the parameter belongs
            to; the first match counts. Empty where the network names no groups.
        dims: numbers of spatial axes that it can be built for.
    """

    name: str
    build: Callable[[Model, int, int, int], nn.Module]
    stride: Callable[[Model], tuple[int, ...]]
    groups: Mapping[str, str] = field(default_factory=dict)
    dims: tuple[int, ...] = (3,)


NETWORKS: dict[str, Network] = {}
"""Name to network, in the order in which they were registered."""


def register(network: Network) -> None:
    """Add a network to the table.

    Raises:
        ValueError: another one has the name.
    """
    if network.name in NETWORKS:
        raise ValueError(f"There is already a network '{network.name}'.")
    NETWORKS[network.name] = network


def find(name: str) -> Network:
    """The network of a name.

    Raises:
        ConfigError: no network has that name.
    """
    if name not in NETWORKS:
        _import_others()
    if name not in NETWORKS:
        raise ConfigError(
            f"'model.name' is {name!r}, which is not allowed.{nearest(name, list(NETWORKS))}",
            f"Allowed: {', '.join(NETWORKS)}.",
        )
    return NETWORKS[name]


def build(model: Model, channels: int, classes: int) -> nn.Module:
    """A fresh network for volumes; weights follow torch's global generator, so seed it first.

    Args:
        model: name, arguments, expected count.
        channels: input channels.
        classes: outputs, background included.

    Raises:
        ConfigError: an argument the network does not know or cannot take, or another parameter count.
    """
    try:
        network = find(model.name).build(model, channels, classes, 3)
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


def stride_of(model: Model) -> tuple[int, int, int]:
    """By what the network halves each axis in all: input sizes must be multiples of it."""
    i, j, k = find(model.name).stride(model)
    return i, j, k


def group_of(name: str, parameter: str) -> str | None:
    """The group (`encoder`, ...) a parameter of a network belongs to; None where it belongs to none."""
    groups = find(name).groups
    return next((group for pattern, group in groups.items() if re.match(pattern, parameter)), None)


def count_groups(name: str, network: nn.Module) -> dict[str, int] | None:
    """Parameters per group, or None where the network names no groups."""
    counts = dict.fromkeys(find(name).groups.values(), 0)
    for key, parameter in network.named_parameters():
        if group := group_of(name, key):
            counts[group] += parameter.numel()
    return counts or None


def require_sizes(config: Config) -> None:
    """Check that the network can take volumes of the configured patch and window.

    Raises:
        ConfigError: a size is no multiple of the network's total stride, or leaves a single voxel at its bottom.
    """
    name, dims = config.model.name, find(config.model.name).dims
    if 3 not in dims:
        raise ConfigError(
            f"{name} is a network for {' or '.join(map(str, dims))} axes; patches have three.",
            "Choose a network for volumes.",
        )
    stride = stride_of(config.model)
    for key, size in (("sampling.patch", config.sampling.patch), ("prediction.window", config.prediction.window)):
        uneven = any(n % s for n, s in zip(size or stride, stride, strict=True))
        if uneven or (size == stride and max(stride) > 1):
            message = f"'{key}' is {list(size or ())}, which {name} with these strides cannot take."
            allowed = " x ".join(map(str, stride))
            raise ConfigError(message, f"Allowed: multiples of {allowed}, and larger than that.")


def _import_others() -> None:
    """Import what may register further networks. Only a name that MONAI has not pays for it: they may load torch."""
    package = import_module("training.networks")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"training.networks.{module.name}")
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda item: item.name):
        entry.load()
