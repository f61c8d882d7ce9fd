"""One short loop: draw, apply, forward, backward, average, validate, checkpoint."""

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
from training.data.samples import Case
from training.engine import state, weights
from training.engine.progress import Meter
from training.engine.schedule import Clock, learning_rate, share_done
from training.engine.state import State
from training.networks.window import fit_of, probabilities
from training.sampling.augment import crop, intensities
from training.sampling.draws import draw, order
from training.spec import Config
from training.tasks import losses


@dataclass(frozen=True)
class Task:
    """All that the loop works on.

    Attributes:
        config: what was told.
        train: cases to learn from.
        validation: cases that choose the kept weights; empty keeps the last ones.
        classes: outputs, background included.
        folder: the run's; checkpoints and progress lines go there.
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


def fit(task: Task, now: State, progress: Progress | None = None) -> State:
    """Train until the budget is used; the best weights are in `checkpoints/best.safetensors`.

    Args:
        task: what to work on.
        now: a fresh state, or one restored from a checkpoint.
        progress: told `(done, 1000, what)` after every step.

    Raises:
        InvalidInput: the loss stopped being a number.
    """
    told, clock = task.config.training, Clock(now.counters.elapsed_s)
    meter, loss = Meter(task.folder / "progress.jsonl", task.device), losses.build(told)
    data = [(case.image.to(task.device), case.target.to(task.device)) for case in task.train]
    per_epoch = steps_per_epoch(task.config, len(data))
    saved_s = clock.elapsed_s
    while (share := share_done(told, now.counters.steps, per_epoch, clock.elapsed_s)) < 1:
        _step(task, now, data, loss, meter, learning_rate(told, share))
        now.counters.elapsed_s = clock.elapsed_s
        ended = now.counters.step == per_epoch
        if ended:
            _end_epoch(task, now, meter)
        now.counters.elapsed_s = clock.elapsed_s
        waited = clock.elapsed_s - saved_s >= 60 * told.checkpoint_minutes
        if waited and (ended or told.checkpoint_minutes):
            state.save(now, task.folder, task.identity)
            saved_s = clock.elapsed_s
        if progress:
            progress(round(1000 * share), 1000, _words(now))
    if now.counters.step or now.counters.measured_epoch != now.counters.epoch:
        _end_epoch(task, now, meter, last=True)
    state.save(now, task.folder, task.identity)
    return now


def steps_per_epoch(config: Config, cases: int) -> int:
    """Batches in an epoch; the last one may hold fewer slots."""
    return -(-cases * config.sampling.draws_per_epoch // config.training.batch)


def _step(task: Task, now: State, data: Any, loss: losses.Loss, meter: Meter, lr: float) -> None:
    start = time.monotonic()
    images, targets = batch(task.config, data, (now.counters.epoch, now.counters.step))
    loaded = time.monotonic()
    torch.manual_seed(_torch_seed(task.config.seed, now.counters.steps))
    for group in now.optimiser.param_groups:
        group["lr"] = lr
    now.network.train()
    with autocast(task.config, task.device):
        logits = now.network(memory_format(images, task.config))
    value = loss(logits.float(), targets)
    _descend(task.config, now, value)
    now.counters.step += 1
    now.counters.steps += 1
    state.update_ema(now, task.config.training.ema)
    number = float(value.detach())
    if not np.isfinite(number):
        raise InvalidInput(
            f"The loss stopped being a number at step {now.counters.steps}.",
            "Lower training.lr, set training.clip_norm, or look for damaged images.",
        )
    meter.add(number, lr, loaded - start, time.monotonic() - start)


def _descend(config: Config, now: State, value: torch.Tensor) -> None:
    now.optimiser.zero_grad(set_to_none=True)
    value.backward()  # type: ignore[no-untyped-call]
    if config.training.clip_norm:
        torch.nn.utils.clip_grad_norm_(now.network.parameters(), config.training.clip_norm)
    now.optimiser.step()


def batch(config: Config, data: Any, counter: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch of one step: a function of the seed, the epoch and the step alone.

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


def validate(task: Task, now: State) -> tuple[float | None, list[float | None]]:
    """Mean foreground Dice on the validation part, with the weights that would be kept.

    Returns:
        The mean over images of the mean over classes, and the mean of each class. An image where a class is empty
        on both sides does not count for that class; None where nothing counts.
    """
    live = {name: value.clone() for name, value in now.network.state_dict().items()}
    now.network.load_state_dict(now.kept_weights())
    try:
        table = np.array([_dice(task, now, case) for case in task.validation], dtype=float)
    finally:
        now.network.load_state_dict(live)
    if not table.size or np.isnan(table).all():
        return None, [None] * (task.classes - 1)
    images = [row[~np.isnan(row)].mean() for row in table if not np.isnan(row).all()]
    columns = [column[~np.isnan(column)] for column in table.T]
    return float(np.mean(images)), [float(c.mean()) if c.size else None for c in columns]


def _dice(task: Task, now: State, case: Case) -> list[float]:
    now.network.eval()
    with autocast(task.config, task.device):
        shares = probabilities(now.network, case.image, task.config.prediction, fit_of(task.config))
    found, truth = shares.argmax(0).cpu(), case.target
    out = []
    for c in range(1, task.classes):
        a, b = found == c, truth == c
        size = int(a.sum() + b.sum())
        out.append(2 * int((a & b).sum()) / size if size else float("nan"))
    return out


def _end_epoch(task: Task, now: State, meter: Meter, *, last: bool = False) -> None:
    counters = now.counters
    if counters.step:
        counters.epoch, counters.step = counters.epoch + 1, 0
    told = task.config.training
    due = last or counters.epoch % told.validate_every == 0 or counters.epoch == told.epochs
    dice, per_class = validate(task, now) if due else (None, [])
    if due:
        _keep_if_best(task, now, dice)
    meter.line(counters, dice, per_class)


def _keep_if_best(task: Task, now: State, dice: float | None) -> None:
    counters = now.counters
    counters.measured_epoch = counters.epoch
    if counters.best_dice is None or (dice is not None and dice > counters.best_dice):
        counters.best_dice, counters.best_epoch = dice, counters.epoch
        weights.write(task.folder / state.BEST, now.kept_weights(), {"epoch": counters.epoch, "dice": dice})


def choose_device() -> torch.device:
    """The first GPU where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast(config: Config, device: torch.device) -> AbstractContextManager[Any]:
    """The precision the configuration asks for."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=uses_bf16(config, device))


def uses_bf16(config: Config, device: torch.device) -> bool:
    """Whether the network runs in bfloat16 here; `auto` asks the device."""
    if config.training.precision != "auto":
        return config.training.precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    supported: Callable[[], bool] = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    return device.type == "cpu" and bool(supported())


def memory_format(images: torch.Tensor, config: Config) -> torch.Tensor:
    """The same values, laid out as the configuration asks."""
    last = config.training.memory_format == "channels-last"
    return images.contiguous(memory_format=torch.channels_last_3d) if last else images


def _torch_seed(seed: int, steps: int) -> int:
    return int(np.random.SeedSequence([seed, steps]).generate_state(1, np.uint64)[0] >> 1)


def _words(now: State) -> str:
    best = now.counters.best_dice
    return f"epoch {now.counters.epoch + 1}" + (f", validation Dice {best:.3f}" if best is not None else "")
