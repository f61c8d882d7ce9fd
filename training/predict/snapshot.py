"""Predictions of the samples of a snapshot, written as a BIDS derivative."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from registry.files.progress import Progress
from registry.files.volumes import Volume
from registry.manifests import Manifest, Sample
from training.data.preprocessing import grid_of, prepare, restore
from training.data.resampling import Array, Grid
from training.data.samples import Source, read_labels, read_volume, require_channels, target_of
from training.engine.loop import autocast, memory_format
from training.networks.window import fit_of, probabilities
from training.predict import derivatives
from training.spec import Config


def predict_parts(
    config: Config,
    source: Source,
    network: nn.Module,
    run: tuple[Path, Manifest],
    samples: Sequence[Sample],
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Predict samples on their target's own grid and write the derivative.

    Args:
        config: preprocessing, precision and window.
        source: where and how files are read.
        network: trained.
        run: the folder of the run, and its snapshot.
        samples: what is predicted; each has a target.
        progress: called with `(done, total, what)`.

    Returns:
        One entry per sample: sample, part, path in the derivative, sha256.

    Raises:
        UsageError: two samples would have one prediction; nothing is written.
    """
    (out, manifest), entries = run, []
    into = derivatives.of_run(out, source.root, manifest)
    derivatives.require_own_names(into, samples)
    derivatives.describe(into)
    for number, sample in enumerate(samples, start=1):
        target = target_of(sample)
        native = grid_of(read_labels(source, target))
        channels = [read_volume(source, sample.images[channel]) for channel in source.channels]
        require_channels(source, sample, channels, native)
        labels = label_map(config, network, channels, native, source.labels)
        entries.append(derivatives.publish(into, sample, target, labels))
        if progress:
            progress(number, len(samples), f"predicting {sample.sample}")
    return entries


def label_map(
    config: Config, network: nn.Module, channels: Sequence[Volume], native: Grid, labels: tuple[int, ...]
) -> Array:
    """The label map that the network predicts for one image.

    Args:
        config: preprocessing, precision and window.
        network: trained.
        channels: (I, J, K) volumes in network order, each on its own grid.
        native: the grid of the result.
        labels: the label value of each foreground class.

    Returns:
        (I, J, K) label values on `native`, uint8 where they fit, else uint16.
    """
    network.eval()
    device = next(network.parameters()).device
    image, grid = prepare(config.recipe, channels, native)
    image = memory_format(image[None], config)[0] if config.training.memory_format != "contiguous" else image
    with torch.no_grad(), autocast(config, device):
        shares = probabilities(network, image, config.prediction, fit_of(config))
    values = np.array([0, *labels], dtype=np.uint8 if max(labels) < 256 else np.uint16)
    return np.asarray(values[restore(shares.cpu(), grid, native)])
