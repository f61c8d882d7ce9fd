"""Everything a run would lose if it were killed, and its checkpoint: tensors and one note, no pickle.

Augmentation and sampling follow from counters, and torch's generator is seeded anew for every step. So a checkpoint
needs no state of a generator: (epoch, step) is enough.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from registry.errors import IntegrityError
from training.engine import weights
from training.spec import Optimisation

LAST, BEST, MODEL = "checkpoints/last.safetensors", "checkpoints/best.safetensors", "model.safetensors"


@dataclass
class Counters:
    """How far a run has come.

    Attributes:
        epoch: epochs that are complete.
        step: steps done of the epoch that is not complete.
        steps: steps done in all.
        elapsed_s: seconds in the loop.
        best_dice: best mean foreground Dice on the validation part, or None before the first measurement.
        best_epoch: the epoch after which it was measured.
        measured_epoch: the epoch after which Dice was measured last.
    """

    epoch: int = 0
    step: int = 0
    steps: int = 0
    elapsed_s: float = 0.0
    best_dice: float | None = None
    best_epoch: int | None = None
    measured_epoch: int | None = None


@dataclass
class State:
    """The network and everything else that changes with every step.

    Attributes:
        ema: moving average of the weights, or None where it is off.
    """

    network: nn.Module
    optimiser: torch.optim.Optimizer
    ema: dict[str, torch.Tensor] | None
    counters: Counters

    def kept_weights(self) -> dict[str, torch.Tensor]:
        """The weights that are validated and delivered: the moving average where there is one."""
        return {**self.network.state_dict(), **(self.ema or {})}


def make_optimiser(settings: Optimisation, network: nn.Module) -> torch.optim.Optimizer:
    """AdamW or SGD. Weight decay acts on kernels only, not on biases and norm layers."""
    kernels = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=settings.lr, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(groups, lr=settings.lr)


def update_ema(state: State, decay: float) -> None:
    """Move the average of the weights towards the present ones; early steps count more."""
    if state.ema is None:
        return
    steps = state.counters.steps
    keep = min(decay, (1 + steps) / (10 + steps))
    with torch.no_grad():
        for name, parameter in state.network.named_parameters():
            state.ema[name].lerp_(parameter, 1 - keep)


def save(state: State, folder: Path, identity: str) -> None:
    """Write `checkpoints/last.safetensors` whole or not at all.

    Args:
        state: what to keep.
        folder: the folder of the run.
        identity: hash of the configuration and the snapshot that the run was started with; compared on resuming.
    """
    tensors = {f"network.{name}": value for name, value in state.network.state_dict().items()}
    tensors |= {f"ema.{name}": value for name, value in (state.ema or {}).items()}
    scalars: dict[str, Any] = {}
    for index, entry in state.optimiser.state_dict()["state"].items():
        for key, value in entry.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimiser.{index}.{key}"] = value
            elif value is not None:
                scalars[f"{index}.{key}"] = value
    note = {"counters": asdict(state.counters), "optimiser": scalars, "identity": identity}
    weights.write(folder / LAST, tensors, note)


def restore(state: State, folder: Path, identity: str) -> None:
    """Fill a fresh state from the checkpoint that `save` wrote.

    Args:
        state: fresh, for the same configuration; changed in place.
        folder: the folder of the run.
        identity: as in `save`.

    Raises:
        IntegrityError: the checkpoint belongs to another configuration or snapshot, or does not fit.
    """
    tensors, note = weights.read(folder / LAST)
    try:
        if note["identity"] != identity:
            raise IntegrityError(
                "The checkpoint belongs to another configuration or snapshot.",
                "Resume with the same ones, or start a new run.",
            )
        _fill(state, tensors, note)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise IntegrityError(f"The checkpoint does not fit this run ({error}).", "Start a new run.") from error


def _fill(state: State, tensors: dict[str, torch.Tensor], note: dict[str, Any]) -> None:
    state.network.load_state_dict(_below(tensors, "network."))
    if state.ema is not None:
        for name, value in _below(tensors, "ema.").items():
            state.ema[name].copy_(value)
    entries: dict[int, dict[str, Any]] = {}
    for name, value in {**_below(tensors, "optimiser."), **note["optimiser"]}.items():
        index, key = name.split(".", 1)
        entries.setdefault(int(index), {})[key] = value
    groups = state.optimiser.state_dict()["param_groups"]
    state.optimiser.load_state_dict({"state": entries, "param_groups": groups})
    state.counters = Counters(**note["counters"])


def _below(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
