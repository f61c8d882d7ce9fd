"""A training run from start to predictions. Start reading at `train`: it does the whole run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from registry import manifests
from registry.errors import ConfigError, UsageError
from registry.files import atomic
from registry.files.canonical import canonical_json, sha256_bytes, sha256_file
from registry.files.progress import Progress
from registry.manifests import Manifest
from training import spec as configs
from training.data.orientation import settle
from training.data.samples import Source, load_part, source_of
from training.engine import loop, weights
from training.engine.loop import RunSetup, choose_device
from training.engine.state import BEST, LAST, MODEL, Counters, State, make_optimiser, restore
from training.networks import registry as networks
from training.predict.snapshot import predict_parts
from training.record import run_record
from training.record.budget import ended_by
from training.record.first_record import first_record
from training.requirements import list_predicted, require_trainable
from training.spec import Config

_WHY = {"cost.energy_kwh": "not measured", "selection.dice": "no validation image has a value"}

MANIFEST, CONFIG = "snapshot.json.gz", "config.toml"


@dataclass(frozen=True)
class RunResult:
    """What a finished run has produced.

    Attributes:
        run: its id.
        folder: the folder with all its files.
        status: `trained`.
        best_dice: mean foreground Dice of the kept weights on the validation part, or None without such a part.
        best_epoch: the epoch after which it was measured.
        epochs: number of complete epochs.
        seconds: time spent in the training loop.
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
        config: the configuration.
        manifest: the frozen cohort.
        root: folder the manifest's paths are relative to.
        out: the run's own folder, absent or empty; its name is the run's id.
        progress: called with `(done, total, what)`.
        resume: continue from the last checkpoint in `out`.
        context: what the launcher knows (`command`, `launcher`, `job_ids`, `parent_run`, `dataset_commit`,
            `lock_file`), merged into the record.

    Raises:
        CohortiumError: configuration, snapshot and files do not fit together; nothing is trained.
    """
    run = run_record.require_run_id(out.name)
    require_trainable(config, manifest, out)
    config = settle(config, manifest, source_of(config, manifest, root))
    source = source_of(config, manifest, root)
    device = choose_device()
    network = fresh_network(config, source).to(device)
    _open_folder(out, config, (manifest, source), resume)
    if not (out / run_record.FILE).is_file():
        run_record.write(out, first_record(run, config, manifest, source, (network, device), context or {}))
    with _recording(out):
        return _fit_and_deliver(config, manifest, source, out, (network, device), progress)


def fresh_network(config: Config, source: Source) -> torch.nn.Module:
    """The network with its first weights, which follow from the seed."""
    networks.require_sizes(config)
    torch.manual_seed(config.seed)
    network = networks.build(config.model, len(source.channels), source.classes)
    if config.training.memory_format == "channels-last":
        return network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload,no-any-return]
    return network


def identity(out: Path, manifest: Manifest) -> str:
    """SHA-256 of the snapshot and of the configuration's text in the run's folder: a checkpoint belongs to these.

    The text in the folder counts, not one written today: another version of Cohortium may write the same values in
    another way.
    """
    text = (out / CONFIG).read_text(encoding="utf-8")
    return sha256_bytes(canonical_json({"config": text, "snapshot": manifest.snapshot_id}))


def _open_folder(out: Path, config: Config, data: tuple[Manifest, Source], resume: bool) -> None:
    if resume:
        if not (out / CONFIG).is_file():
            raise UsageError(f"There is no run '{out.name}' to resume.", "Start it without --resume.")
        if configs.dumps(settle(configs.load(out / CONFIG), *data)) != configs.dumps(config):
            raise ConfigError(
                f"Run '{out.name}' was started with another configuration.",
                "Resume with the config.toml in its folder, or start a new run.",
            )
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"The folder of run '{out.name}' is not empty.", "Choose a new run, or resume this one.")
    atomic.write(out / MANIFEST, manifests.encode(data[0]))
    atomic.write(out / CONFIG, configs.dumps(config).encode())


@contextmanager
def _recording(out: Path) -> Iterator[None]:
    """Write into the record that the run is going on and, where an error ends it, which one."""
    run_record.update(out, {"error": "none so far"}, status="running", error=None)
    try:
        yield
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        run_record.update(out, status=status, error=str(error) or type(error).__name__)
        raise


def _fit_and_deliver(
    config: Config, manifest: Manifest, source: Source, out: Path, where: tuple[Any, torch.device], progress: Any
) -> RunResult:
    network, device = where
    train_part, validation = (load_part(source, manifest.part(part), progress) for part in ("train", "validation"))
    setup = RunSetup(config, train_part, validation, source.classes, out, identity(out, manifest), device)
    ema = {n: p.detach().clone() for n, p in network.named_parameters()} if config.training.ema else None
    state = State(network, make_optimiser(config.training, network), ema, Counters())
    if (out / LAST).is_file():
        restore(state, out, setup.identity)
    loop.fit(setup, state, progress)
    return _deliver(config, manifest, source, out, state, progress)


def _deliver(
    config: Config, manifest: Manifest, source: Source, out: Path, state: State, progress: Progress | None
) -> RunResult:
    kept, note = weights.read(out / BEST)
    weights.write(out / MODEL, kept, {**note, "run": out.name, "snapshot": manifest.snapshot_id})
    state.network.load_state_dict(kept)
    samples = list_predicted(config, manifest)
    entries = predict_parts(config, source, state.network, (out, manifest), samples, progress)
    limits = run_record.read(out)["training"]
    record = run_record.update(out, _WHY, **_outcome(config, out, state.counters, (limits, entries)))
    return RunResult(
        out.name,
        out,
        record["status"],
        state.counters.best_dice,
        state.counters.best_epoch,
        state.counters.epoch,
        state.counters.elapsed_s,
        tuple(f"derivatives/prediction-{out.name}/{entry['path']}" for entry in entries),
    )


def _outcome(
    config: Config, out: Path, counters: Counters, made: tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    limits, entries = made
    return {
        "status": "trained",
        "progress": {
            "file": "progress.jsonl",
            "epochs": counters.epoch,
            "steps": counters.steps,
            "ended_by": ended_by(limits, counters.steps),
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
