"""A training run from start to predictions. Start reading here: `train` is the whole line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from registry import manifests
from registry.cohorts import leakage
from registry.errors import ConfigError, InvalidInput, UsageError
from registry.files import atomic
from registry.files.canonical import canonical_json, sha256_bytes, sha256_file
from registry.files.progress import Progress
from registry.manifests import Manifest, Sample
from training import spec as configs
from training.data.samples import Source, load_part, source_of
from training.engine import loop, weights
from training.engine.loop import Task, choose_device
from training.engine.state import BEST, LAST, MODEL, Counters, State, make_optimiser, restore
from training.networks import registry as networks
from training.predict.snapshot import predict_parts
from training.record import run_record
from training.record.first_record import first_record
from training.spec import Config

_WHY = {"cost.energy_kwh": "not measured", "selection.dice": "no validation image has a value"}

MANIFEST, CONFIG = "snapshot.json.gz", "config.toml"


@dataclass(frozen=True)
class RunResult:
    """What a finished run leaves.

    Attributes:
        run: its id.
        folder: where everything lies.
        status: `trained`.
        best_dice: mean foreground Dice on the validation part of the kept weights, or None without such a part.
        best_epoch: when they were measured.
        epochs: epochs done.
        seconds: time in the training loop.
        predictions: files of the derivative, relative to `folder`.
    """

    run: str
    folder: Path
    status: str
    best_dice: float | None
    best_epoch: int | None
    epochs: int
    seconds: float
    predictions: tuple[str, ...]


def train(  # noqa: PLR0913 - what, on what, where, and three switches with defaults
    config: Config,
    manifest: Manifest,
    root: Path,
    out: Path,
    *,
    progress: Progress | None = None,
    resume: bool = False,
    context: Mapping[str, Any] | None = None,
) -> RunResult:
    """Train on the `train` part, keep the best weights on `validation`, predict the parts the configuration names.

    Args:
        config: what to do.
        manifest: the frozen cohort.
        root: folder the manifest's paths are relative to.
        out: the run's own folder, absent or empty; its name is the run's id.
        progress: told `(done, total, what)`.
        resume: go on from the last checkpoint in `out`.
        context: what the launcher knows (`command`, `launcher`, `job_ids`, `parent_run`, `dataset_commit`,
            `lock_file`), merged into the record.

    Raises:
        CohortiumError: configuration, snapshot and files do not fit together; nothing is trained.
    """
    run = run_record.require_run_id(out.name)
    source = source_of(config, manifest, root)
    require_split(manifest)
    device = choose_device()
    network = fresh_network(config, source).to(device)
    _open_folder(out, config, manifest, resume)
    if not (out / run_record.FILE).is_file():
        run_record.write(out, first_record(run, config, manifest, source, (network, device), context or {}))
    with _recorded(out):
        return _work(config, manifest, source, out, (network, device), progress)


def require_split(manifest: Manifest) -> None:
    """Check that there is something to learn from and that nothing crosses the parts.

    Raises:
        InvalidInput: no sample in the train part.
        SplitError: a person, or the bytes of an image, in two parts.
    """
    if not manifest.part("train"):
        raise InvalidInput("This snapshot has no sample in its train part.", "Create it with a split.")
    leakage.refuse(leakage.check_manifest(manifest))


def fresh_network(config: Config, source: Source) -> torch.nn.Module:
    """The network with its seeded first weights."""
    networks.require_sizes(config)
    torch.manual_seed(config.seed)
    network = networks.build(config.model, len(source.channels), source.classes)
    if config.training.memory_format == "channels-last":
        return network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload,no-any-return]
    return network


def identity(out: Path, manifest: Manifest) -> str:
    """What a checkpoint belongs to: SHA-256 of the snapshot and of the configuration's text in the run's folder.

    The text that was kept counts, not the one that would be written today: runs outlive the writer of the text.
    """
    text = (out / CONFIG).read_text(encoding="utf-8")
    return sha256_bytes(canonical_json({"config": text, "snapshot": manifest.snapshot_id}))


def _open_folder(out: Path, config: Config, manifest: Manifest, resume: bool) -> None:
    if resume:
        if not (out / CONFIG).is_file():
            raise UsageError(f"There is no run '{out.name}' to resume.", "Start it without --resume.")
        if configs.dumps(configs.load(out / CONFIG)) != configs.dumps(config):
            raise ConfigError(
                f"Run '{out.name}' was started with another configuration.",
                "Resume with the config.toml in its folder, or start a new run.",
            )
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"The folder of run '{out.name}' is not empty.", "Choose a new run, or resume this one.")
    atomic.write(out / MANIFEST, manifests.encode(manifest))
    atomic.write(out / CONFIG, configs.dumps(config).encode())


class _recorded:  # noqa: N801 - a context manager reads as a verb
    """Sees to it that a run that ends early says so in its record."""

    def __init__(self, out: Path) -> None:
        self._out = out

    def __enter__(self) -> None:
        run_record.update(self._out, {"error": "none so far"}, status="running", error=None)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if kind is not None:
            status = "interrupted" if issubclass(kind, KeyboardInterrupt) else "failed"
            run_record.update(self._out, status=status, error=str(error) or kind.__name__)


def _work(
    config: Config, manifest: Manifest, source: Source, out: Path, where: tuple[Any, torch.device], progress: Any
) -> RunResult:
    network, device = where
    train_part, validation = (load_part(source, manifest.part(part), progress) for part in ("train", "validation"))
    task = Task(config, train_part, validation, source.classes, out, identity(out, manifest), device)
    ema = {n: p.detach().clone() for n, p in network.named_parameters()} if config.training.ema else None
    now = State(network, make_optimiser(config.training, network), ema, Counters())
    if (out / LAST).is_file():
        restore(now, out, task.identity)
    loop.fit(task, now, progress)
    return _deliver(config, manifest, source, out, now, progress)


def _deliver(
    config: Config, manifest: Manifest, source: Source, out: Path, now: State, progress: Progress | None
) -> RunResult:
    kept, note = weights.read(out / BEST)
    weights.write(out / MODEL, kept, {**note, "run": out.name, "snapshot": manifest.snapshot_id})
    now.network.load_state_dict(kept)
    samples = [s for part in config.prediction.parts for s in manifest.part(part)]
    entries = predict_parts(config, source, now.network, (out, manifest), samples, progress)
    record = run_record.update(out, _WHY, **_outcome(config, out, now.counters, entries))
    return RunResult(
        out.name,
        out,
        record["status"],
        now.counters.best_dice,
        now.counters.best_epoch,
        now.counters.epoch,
        now.counters.elapsed_s,
        tuple(f"derivatives/prediction-{out.name}/{entry['path']}" for entry in entries),
    )


def _outcome(config: Config, out: Path, counters: Counters, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "status": "trained",
        "progress": {
            "file": "progress.jsonl",
            "epochs": counters.epoch,
            "steps": counters.steps,
            "elapsed_s": round(counters.elapsed_s, 3),
        },
        "checkpoints": [{"path": path, "sha256": sha256_file(out / path)} for path in (BEST, LAST, MODEL)],
        "predictions": list(entries),
        "selection": {
            "what": "epoch",
            "on": "validation",
            "epoch": counters.best_epoch,
            "dice": counters.best_dice,
            "precision": config.training.precision,
        },
        "cost": {"seconds": round(counters.elapsed_s, 3), "energy_kwh": None},
    }


def samples_of(manifest: Manifest, parts: Sequence[str]) -> list[Sample]:
    """The samples of some parts, in the manifest's order within each."""
    return [sample for part in parts for sample in manifest.part(part)]
