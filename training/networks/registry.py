"""The table of networks that training can build, by the name that a configuration gives.

A new network is one file that calls `register`: in this folder, or in another installed package that names its
module in the entry points `cohortium.networks`. This module does not import torch, because every reading of a
configuration checks the name of its network here.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
"""What constructors of networks raise for arguments they cannot take. MONAI's DynUNet raises an AssertionError for a
stride beyond its kernel, because the padding would be negative."""


@dataclass(frozen=True)
class Network:
    """A family of networks.

    Attributes:
        name: as `model.name` of a configuration gives it.
        build: takes (model, input channels, outputs with the background, spatial axes) and returns a network with fresh
            weights, which maps (B, channels, *size) to logits (B, outputs, *size). Weights follow torch's global
            generator.
        stride: takes the model and returns the factor by which it shrinks each axis; sizes must be multiples of it.
        groups: regular expression for the start of a parameter's name, to the group of such parameters; the first match
            counts. Empty where the network names no groups.
        dims: the numbers of spatial axes for which it can be built.
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
        ValueError: another network has the name.
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
        model: name, arguments and expected number of parameters.
        channels: input channels.
        classes: outputs, background included.

    Raises:
        ConfigError: an argument the network does not know or cannot take, or another parameter count.
    """
    with _refusing(model):
        network = find(model.name).build(model, channels, classes, 3)
    count = sum(p.numel() for p in network.parameters())
    if model.expected_params is not None and count != model.expected_params:
        message = f"{model.name} has {count:,} parameters, the configuration expects {model.expected_params:,}."
        raise ConfigError(message, f"Correct [model.kwargs] or set expected_params = {count}.")
    return network


def stride_of(model: Model) -> tuple[int, int, int]:
    """The factor by which the network shrinks each axis; input sizes must be multiples of it.

    Raises:
        ConfigError: the arguments that it follows from cannot be meant.
    """
    with _refusing(model):
        i, j, k = find(model.name).stride(model)
        if min(i, j, k) < 1:
            raise ValueError(f"it shrinks an axis by {min(i, j, k)}")
    return i, j, k


@contextmanager
def _refusing(model: Model) -> Iterator[None]:
    try:
        yield
    except REFUSALS as error:
        raise ConfigError(
            f"{model.name} cannot be built from [model.kwargs]: {error}.",
            "Check that the lists have one entry per level.",
        ) from error


def group_of(name: str, parameter: str) -> str | None:
    """The group (`encoder`, ...) of a network's parameter, or None where it belongs to none."""
    groups = find(name).groups
    return next((group for pattern, group in groups.items() if re.match(pattern, parameter)), None)


def count_groups(name: str, network: nn.Module) -> dict[str, int] | None:
    """The number of parameters in each group, or None where the network names no groups."""
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
    """Import all modules that may register networks. They may load torch, so this happens only for an unknown name."""
    package = import_module("training.networks")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"training.networks.{module.name}")
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda item: item.name):
        entry.load()
