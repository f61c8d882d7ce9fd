"""The first version of a run's record: everything that is known before training starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from registry.manifests import Manifest
from training.data.preprocessing import preprocessing_id
from training.data.samples import Source
from training.engine.loop import steps_per_epoch, uses_bf16
from training.networks.registry import count_groups
from training.record import environment
from training.record.run_record import SCHEMA
from training.sampling import draws
from training.spec import Config

LAUNCHER = ("command", "launcher", "job_ids", "parent_run", "dataset_commit", "lock_file")
"""Fields that only the launcher can know."""

_WHY = {
    "parent_run": "trained from scratch",
    "command": "the launcher did not say",
    "launcher": "the launcher did not say",
    "job_ids": "not run by a job scheduler, or the launcher did not say",
    "environment.lock_file": "the launcher did not say",
    "data.dataset_commit": "the launcher did not say",
    "data.split": "the snapshot has no split",
    "code.commit": "the code does not lie in a git checkout",
    "code.dirty_diff_sha256": "nothing was changed since the commit, or there is no checkout",
    "hardware.gpu": "trained on the processor",
    "hardware.gpu_memory_mb": "trained on the processor",
    "hardware.cuda": "trained on the processor",
    "hardware.cudnn": "trained on the processor",
    "hardware.driver": "not read: it needs a tool outside torch",
    "model.groups": "this network names no groups",
    "model.initial_weights": "random weights from the seed",
    "progress": "not trained yet",
    "checkpoints": "not trained yet",
    "predictions": "not trained yet",
    "evaluation": "not evaluated yet",
    "selection": "not trained yet",
    "cost": "not trained yet",
    "error": "none so far",
}


def first_record(
    run: str,
    config: Config,
    manifest: Manifest,
    source: Source,
    where: tuple[nn.Module, torch.device],
    context: Mapping[str, Any],
) -> dict[str, Any]:
    """The record of a run that is about to start.

    Args:
        run: its id.
        config: its configuration.
        manifest: the snapshot that it is trained on.
        source: how the samples are read.
        where: the network and its device.
        context: the fields of `LAUNCHER` that the launcher knows; others are ignored.
    """
    network, device = where
    launch = {key: context.get(key) for key in LAUNCHER}
    record = {
        "schema": SCHEMA,
        "run": run,
        "name": config.name,
        "task": config.task,
        "status": "running",
        "error": None,
        **{key: launch[key] for key in ("command", "launcher", "job_ids", "parent_run")},
        "code": environment.code(),
        "environment": {**environment.software(), "lock_file": launch["lock_file"]},
        "hardware": {**environment.hardware(device), "driver": None},
        "data": _data(manifest, source, launch["dataset_commit"]),
        "recipe": {**asdict(config.recipe), "id": preprocessing_id(config.recipe)},
        "augmentation": {"policy": asdict(config.augment), "seed": config.seed, "scheme": draws.SCHEME},
        "model": _model(config, network),
        "training": _training(config, manifest, device),
        **dict.fromkeys(("progress", "checkpoints", "predictions", "evaluation", "selection", "cost")),
    }
    return {**record, "null_reasons": dict(_list_reasons(record, ""))}


def _data(manifest: Manifest, source: Source, commit: str | None) -> dict[str, Any]:
    counts = Counter(sample.part or "none" for sample in manifest.samples)
    return {
        "snapshot": manifest.snapshot_id,
        "dataset_commit": commit,
        "query": dict(manifest.query),
        "split": dict(manifest.split) if manifest.split else None,
        "target_policy": dict(manifest.target_policy),
        "channels": list(source.channels),
        "reference_channel": reference_channel(manifest, source),
        "labels": dict(manifest.labels),
        "counts": dict(sorted(counts.items())),
        "leak_check": {"keys": ["person", "path", "sha256"], "leaks": 0},
        "licences": list(manifest.licences),
        "verified": source.verify,
        "files": [asdict(ref) for ref in manifest.files()],
    }


def reference_channel(manifest: Manifest, source: Source) -> str:
    """The channel on which most targets were drawn; predictions of new images take its grid."""
    drawn_on = Counter(
        channel
        for sample in manifest.samples
        if sample.target
        for channel in source.channels
        if channel in sample.images and sample.images[channel].path == sample.target.image
    )
    return drawn_on.most_common(1)[0][0] if drawn_on else source.channels[0]


def _model(config: Config, network: nn.Module) -> dict[str, Any]:
    return {
        "name": config.model.name,
        "kwargs": dict(config.model.kwargs),
        "parameters": sum(p.numel() for p in network.parameters()),
        "trainable": sum(p.numel() for p in network.parameters() if p.requires_grad),
        "groups": count_groups(config.model.name, network),
        "initial_weights": None,
    }


def _training(config: Config, manifest: Manifest, device: torch.device) -> dict[str, Any]:
    same = config.training.epochs is not None and config.training.max_minutes is None and device.type == "cpu"
    return {
        **asdict(config.training),
        "sampling": asdict(config.sampling),
        "loss": "soft Dice and cross-entropy",
        "schedule": "linear warm-up, cosine",
        "seed": config.seed,
        "device": device.type,
        "bf16": uses_bf16(config, device),
        "steps_per_epoch": steps_per_epoch(config, len(manifest.part("train"))),
        "deterministic": same,
    }


def _list_reasons(value: Any, where: str) -> list[tuple[str, str]]:
    """The dotted path and the reason of every null in the record."""
    if isinstance(value, Mapping):
        return [pair for key, item in value.items() for pair in _list_reasons(item, f"{where}.{key}" if where else key)]
    if value is not None:
        return []
    return [(where, _WHY.get(where, "not set in the configuration"))]
