"""The samples of a manifest as arrays in memory: files checked, channels on one grid, labels as class indices."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from registry.errors import ConfigError, IntegrityError, InvalidInput
from registry.files.canonical import sha256_file
from registry.files.label_maps import paint
from registry.files.progress import Progress
from registry.files.volumes import Volume, load, load_labels
from registry.manifests import FileRef, Manifest, Sample, Truth
from training.data.channels import require_content
from training.data.preprocessing import grid_of, prepare, prepare_target
from training.data.resampling import Array, Grid
from training.spec import Config, Preprocessing

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Where the files of samples lie, and how they are read.

    Attributes:
        root: folder that the manifest's paths are relative to.
        channels: names in network order.
        labels: label values in class order; class 0 is the background, class n is `labels[n - 1]`.
        preprocessing: the steps from files to the network's input.
        verify: compare each file's SHA-256 with the manifest.
        structures: the structures of class 1, 2, ... as in `Manifest.classes`; none where masks are taken as they are.
    """

    root: Path
    channels: tuple[str, ...]
    labels: tuple[int, ...]
    preprocessing: Preprocessing
    verify: bool = True
    structures: tuple[tuple[str, ...], ...] = ()

    @property
    def classes(self) -> int:
        """Classes of the network, background included."""
        return len(self.labels) + 1


@dataclass(frozen=True)
class Case:
    """One sample in memory.

    Attributes:
        sample: its manifest entry.
        image: (C, I, J, K) float32 on the working grid.
        target: (I, J, K) uint8 class indices on the working grid.
        grid: the working grid.
        native: the target's own grid, on which predictions are written.
    """

    sample: Sample
    image: torch.Tensor
    target: torch.Tensor
    grid: Grid
    native: Grid


def source_of(config: Config, manifest: Manifest, root: Path) -> Source:
    """The source of a snapshot's samples for one configuration.

    Args:
        config: channels, preprocessing, and whether checksums are compared.
        manifest: the snapshot.
        root: folder that the manifest's paths are relative to.

    Raises:
        ConfigError: a channel the snapshot does not have.
        InvalidInput: the snapshot has no label but the background.
    """
    channels = config.data.channels or manifest.channels
    for channel in channels:
        if channel not in manifest.channels:
            raise ConfigError(
                f"The snapshot has no channel '{channel}'.", f"Its channels: {', '.join(manifest.channels)}."
            )
    labels = foreground_labels(manifest)
    return Source(root, channels, labels, config.recipe, config.data.verify, manifest.classes)


def foreground_labels(manifest: Manifest) -> tuple[int, ...]:
    """The label values other than the background, ascending.

    Raises:
        InvalidInput: there is none.
    """
    labels = tuple(sorted(int(value) for value in manifest.labels if int(value) != 0))
    if not labels:
        raise InvalidInput("This snapshot names no label but the background.", "Nothing can be learned from it.")
    return labels


def load_part(source: Source, samples: Sequence[Sample], progress: Progress | None = None) -> list[Case]:
    """The samples of a part in memory, in the given order.

    Args:
        source: where and how files are read.
        samples: the manifest's entries.
        progress: called with `(done, total, what)`.

    Raises:
        InvalidInput: a sample without a target or a channel, or a file that is no image.
        IntegrityError: a file is missing or is not the one that was frozen.
    """
    cases = []
    for number, sample in enumerate(samples, start=1):
        cases.append(load_case(source, sample))
        if progress:
            progress(number, len(samples), f"reading {sample.sample}")
    return cases


def load_case(source: Source, sample: Sample) -> Case:
    """One sample in memory; errors as in `load_part`."""
    target = target_of(sample)
    volumes = [read_volume(source, _channel(sample, channel)) for channel in source.channels]
    labels = read_truth(source, sample.targets)
    native = grid_of(labels)
    require_channels(source, sample, volumes, native)
    image, grid = prepare(source.preprocessing, volumes, native)
    indices = class_indices(labels.data, source.labels, target.path)
    return Case(sample, image, prepare_target(indices, native, grid, source.classes), grid, native)


def require_channels(source: Source, sample: Sample, volumes: Sequence[Volume], native: Grid) -> None:
    """Refuse a sample one of whose channels shows nothing; a channel that covers a part of it alone is logged.

    Args:
        source: names the channels.
        sample: the sample.
        volumes: its channels, in the order of the source.
        native: the grid of its target.

    Raises:
        InvalidInput: as `channels.require_content`.
    """
    names = [f"The {channel} of {sample.sample}" for channel in source.channels]
    for note in require_content(names, volumes, native):
        _LOGGER.warning("%s.", note)


def target_of(sample: Sample) -> Truth:
    """The first mask of a sample's target; its image, grid and source are those of all its masks.

    Raises:
        InvalidInput: it has none.
    """
    if sample.target is None:
        raise InvalidInput(
            f"{sample.sample} has no target mask, so nothing can be learned from it or scored.",
            "Create the snapshot with a target policy that requires a mask.",
        )
    return sample.target


def checked_path(source: Source, ref: FileRef) -> Path:
    """The file of a reference, after comparing its content with the frozen checksum.

    Raises:
        IntegrityError: missing, or changed since the snapshot was frozen.
    """
    path = source.root / ref.path
    if not path.is_file():
        raise IntegrityError(f"{ref.path} is missing.", "Fetch its content, or check the root folder.")
    if source.verify and sha256_file(path) != ref.sha256:
        raise IntegrityError(
            f"{ref.path} is not the file that was frozen in the snapshot.", "Restore it, or create a new snapshot."
        )
    return path


def read_volume(source: Source, ref: FileRef) -> Volume:
    """A three-dimensional image; a trailing axis of length 1 is dropped."""
    return as_3d(load(checked_path(source, ref), np.float32), ref.path)


def read_labels(source: Source, ref: FileRef) -> Volume:
    """A three-dimensional label map."""
    return as_3d(load_labels(checked_path(source, ref)), ref.path)


def read_truth(source: Source, masks: Sequence[Truth]) -> Volume:
    """The label map that masks of one reading make together, in the values that the snapshot names."""
    volumes = [read_labels(source, mask) for mask in masks]
    return paint(volumes, [mask.labels for mask in masks], source.structures) if source.structures else volumes[0]


def as_3d(volume: Volume, name: str) -> Volume:
    """The volume without trailing axes of length 1.

    Raises:
        InvalidInput: the image has another number of dimensions.
    """
    data = volume.data
    while data.ndim > 3 and data.shape[-1] == 1:
        data = data[..., 0]
    if data.ndim != 3:
        raise InvalidInput(f"{name} has {data.ndim} dimensions.", "Expected one three-dimensional image.")
    return Volume(data, volume.affine_ras)


def class_indices(data: Array, labels: tuple[int, ...], name: str) -> Array:
    """The label values of a map as class indices 0..n, uint8.

    Args:
        data: label values, whole numbers of at least 0.
        labels: label values in class order, without the background.
        name: of the file, for the message.

    Raises:
        InvalidInput: the map holds a value the snapshot does not name.
    """
    if strange := sorted(set(np.unique(data).tolist()) - {0, *labels}):
        raise InvalidInput(
            f"{name} holds the label {strange[0]}, which the snapshot does not name.",
            f"Named labels: 0, {', '.join(map(str, labels))}.",
        )
    lookup = np.zeros(max(labels) + 1, dtype=np.uint8)
    lookup[list(labels)] = np.arange(1, len(labels) + 1)
    return np.asarray(lookup[data])


def _channel(sample: Sample, channel: str) -> FileRef:
    if channel not in sample.images:
        raise InvalidInput(
            f"{sample.sample} has no {channel} image.", "Narrow the query to sessions that have every channel."
        )
    return sample.images[channel]
