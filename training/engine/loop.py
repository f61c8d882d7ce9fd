"""The loop of a run: draw, apply, forward, backward, average the weights, validate, write a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from registry.errors import InvalidInput
from registry.files.progress import Progress
from registry.measures import overlap
from training.data.samples import Case
from training.engine import weights
from training.engine.progress import Meter
from training.engine.schedule import Clock, learning_rate, share_done
from training.engine.state import BEST, State, save, update_ema
from training.networks.window import fit_of, probabilities
from training.sampling.augment import crop, intensities
from training.sampling.draws import draw, order
from training.spec import Config
from training.tasks import losses


@dataclass(frozen=True)
class RunSetup:
    """What the loop works on; nothing in it changes during a run.

    Attributes:
        config: of the run.
        train: cases to learn from.
        validation: cases that choose the kept weights; empty keeps the last ones.
        classes: outputs, background included.
        folder: the folder of the run; checkpoints and progress lines go there.
        identity: hash of configuration and snapshot.
        device: where the network lives.
    """

    config: Config
    train: Sequence[Case]
    validation: Sequence[Case]
    classes: int
    folder: Path
    identity: str
    device: torch.device


def fit(setup: RunSetup, state: State, progress: Progress | None = None) -> State:
    """Train until the budget is used; the best weights are in `checkpoints/best.safetensors`.

    Args:
        setup: configuration, cases, folder and device.
        state: a fresh one, or one restored from a checkpoint; it is changed in place and returned.
        progress: called with `(done, 1000, what)` after every step.

    Raises:
        InvalidInput: the loss stopped being a number.
    """
    settings, clock = setup.config.training, Clock(state.counters.elapsed_s)
    meter, loss = Meter(setup.folder / "progress.jsonl", setup.device), losses.build(settings)
    data = [(case.image.to(setup.device), case.target.to(setup.device)) for case in setup.train]
    per_epoch = steps_per_epoch(setup.config, len(data))
    saved_s = clock.elapsed_s
    while (share := share_done(settings, state.counters.steps, per_epoch, clock.elapsed_s)) < 1:
        _step(setup, state, data, loss, meter, learning_rate(settings, share))
        state.counters.elapsed_s = clock.elapsed_s
        ended = state.counters.step == per_epoch
        if ended:
            _end_epoch(setup, state, meter)
        state.counters.elapsed_s = clock.elapsed_s
        waited = clock.elapsed_s - saved_s >= 60 * settings.checkpoint_minutes
        if waited and (ended or settings.checkpoint_minutes):
            save(state, setup.folder, setup.identity)
            saved_s = clock.elapsed_s
        if progress:
            progress(round(1000 * share), 1000, _describe(state))
    state.counters.elapsed_s = clock.elapsed_s  # the time by which the budget was judged
    if state.counters.step or state.counters.measured_epoch != state.counters.epoch:
        _end_epoch(setup, state, meter, last=True)
    save(state, setup.folder, setup.identity)
    return state


def steps_per_epoch(config: Config, cases: int) -> int:
    """Batches in an epoch; the last one may hold fewer slots."""
    return -(-cases * config.sampling.draws_per_epoch // config.training.batch)


def _step(setup: RunSetup, state: State, data: Any, loss: losses.Loss, meter: Meter, lr: float) -> None:
    start = time.monotonic()
    images, targets = batch(setup.config, data, (state.counters.epoch, state.counters.step))
    loaded = time.monotonic()
    torch.manual_seed(_seed_of_step(setup.config.seed, state.counters.steps))
    for group in state.optimiser.param_groups:
        group["lr"] = lr
    state.network.train()
    with autocast(setup.config, setup.device):
        logits = state.network(memory_format(images, setup.config))
    value = loss(logits.float(), targets)
    _descend(setup.config, state, value)
    state.counters.step += 1
    state.counters.steps += 1
    update_ema(state, setup.config.training.ema)
    number = float(value.detach())
    if not np.isfinite(number):
        raise InvalidInput(
            f"The loss stopped being a number at step {state.counters.steps}.",
            "Lower training.lr, set training.clip_norm, or look for damaged images.",
        )
    meter.add(number, lr, loaded - start, time.monotonic() - start)


def _descend(config: Config, state: State, value: torch.Tensor) -> None:
    state.optimiser.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    if config.training.clip_norm:
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), config.training.clip_norm)
    state.optimiser.step()


def batch(config: Config, data: Any, counter: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch of one step. It depends on the seed, the epoch and the step alone.

    Args:
        config: seed, sampling and augmentation.
        data: (image (C, I, J, K), target (I, J, K)) of every training case.
        counter: (epoch, step within the epoch).

    Returns:
        images (B, C, *patch) float32; targets (B, 1, *patch) int64.
    """
    (epoch, step), size = counter, config.training.batch
    chosen = order(config.seed, epoch, len(data), config.sampling.draws_per_epoch)[step * size : (step + 1) * size]
    channels = int(data[0][0].shape[0])
    drawn = [
        draw(config.augment, config.sampling, channels, config.seed, (epoch, step, slot)) for slot in range(len(chosen))
    ]
    images, targets = zip(*(data[index] for index in chosen), strict=True)
    patches, labels = crop(images, targets, drawn, config.sampling.patch)
    return intensities(patches, drawn), labels


def validate(setup: RunSetup, state: State) -> tuple[float | None, list[float | None]]:
    """Mean foreground Dice on the validation part, with the weights that would be kept.

    Returns:
        The mean over images of the mean over classes, and the mean of each class. An image where a class is empty
        on both sides does not count for that class; None where nothing counts.
    """
    live = {name: value.clone() for name, value in state.network.state_dict().items()}
    state.network.load_state_dict(state.kept_weights())
    try:
        table = np.array([_dice(setup, state, case) for case in setup.validation], dtype=float)  # None becomes NaN
    finally:
        state.network.load_state_dict(live)
    if not table.size or np.isnan(table).all():
        return None, [None] * (setup.classes - 1)
    images = [row[~np.isnan(row)].mean() for row in table if not np.isnan(row).all()]
    columns = [column[~np.isnan(column)] for column in table.T]
    return float(np.mean(images)), [float(c.mean()) if c.size else None for c in columns]


def _dice(setup: RunSetup, state: State, case: Case) -> list[float | None]:
    state.network.eval()
    with autocast(setup.config, setup.device):
        shares = probabilities(state.network, case.image, setup.config.prediction, fit_of(setup.config))
    found, truth = shares.argmax(0).cpu().numpy(), case.target.numpy()
    return [overlap.dice(found == c, truth == c) for c in range(1, setup.classes)]


def _end_epoch(setup: RunSetup, state: State, meter: Meter, *, last: bool = False) -> None:
    counters = state.counters
    if counters.step:
        counters.epoch, counters.step = counters.epoch + 1, 0
    settings = setup.config.training
    due = last or counters.epoch % settings.validate_every == 0 or counters.epoch == settings.epochs
    dice, per_class = validate(setup, state) if due else (None, [])
    if due:
        _keep_if_best(setup, state, dice)
    meter.line(counters, dice, per_class)


def _keep_if_best(setup: RunSetup, state: State, dice: float | None) -> None:
    counters = state.counters
    counters.measured_epoch = counters.epoch
    if counters.best_dice is None or (dice is not None and dice > counters.best_dice):
        counters.best_dice, counters.best_epoch = dice, counters.epoch
        weights.write(setup.folder / BEST, state.kept_weights(), {"epoch": counters.epoch, "dice": dice})


def choose_device() -> torch.device:
    """The first GPU where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(config: Config, device: torch.device) -> AbstractContextManager[Any]:
    """A context in which the network runs in the precision of the configuration."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=uses_bf16(config, device))


def uses_bf16(config: Config, device: torch.device) -> bool:
    """Whether the network runs in bfloat16 here; `auto` takes it where the device supports it."""
    if config.training.precision != "auto":
        return config.training.precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    supported: Callable[[], bool] = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    return device.type == "cpu" and bool(supported())


def memory_format(images: torch.Tensor, config: Config) -> torch.Tensor:
    """The same values in the memory layout of the configuration."""
    last = config.training.memory_format == "channels-last"
    return images.contiguous(memory_format=torch.channels_last_3d) if last else images


def _seed_of_step(seed: int, steps: int) -> int:
    return int(np.random.SeedSequence([seed, steps]).generate_state(1, np.uint64)[0] >> 1)


def _describe(state: State) -> str:
    best = state.counters.best_dice
    return f"epoch {state.counters.epoch + 1}" + (f", validation Dice {best:.3f}" if best is not None else "")
