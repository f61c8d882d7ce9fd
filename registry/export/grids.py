"""Bring all channels of a sample onto one grid, for layouts that have one grid per sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from registry.errors import GeometryError
from registry.export.bundle import Bundle
from registry.export.resampling import resample
from registry.files import volumes
from registry.files.geometry import same_grid
from registry.files.volumes import Array, Volume
from registry.manifests import Sample


def channels(bundle: Bundle, sample: Sample) -> Iterator[tuple[int, str, Volume | None]]:
    """Position, name and voxels of each channel; None for the voxels where the file itself fits the target's grid.

    Raises:
        GeometryError: a channel lies on another grid and `Options.resample` is off, or it is not a single volume.
    """
    reference = bundle.source(bundle.target(sample))
    target = volumes.read_header(reference)
    for position, name in enumerate(bundle.manifest.channels):
        path = bundle.source(sample.images[name])
        header = volumes.read_header(path)
        if (series := int(np.prod(header.shape[3:]))) != 1:
            raise GeometryError(
                f"The {name} of {sample.sample} is a series of {series} volumes.", "Narrow the query to single volumes."
            )
        if same_grid(header.shape[:3], header.affine_ras, target.shape[:3], target.affine_ras):
            yield position, name, None if len(header.shape) == 3 else as_3d(volumes.load(path))
        elif bundle.options.resample:
            yield position, name, resample(as_3d(volumes.load(path, np.float32)), target)
        else:
            raise GeometryError(
                f"The {name} of {sample.sample} does not lie on the grid of its mask.",
                "This layout has one grid per sample. Export with --resample, as bids, or freeze a one-channel query.",
            )


def as_3d(volume: Volume) -> Volume:
    """The volume without trailing axes of length 1, so that it is (I, J, K)."""
    return Volume(volume.data.reshape(volume.data.shape[:3]), volume.affine_ras)


def stack(parts: list[Array]) -> Array:
    """Channels (I, J, K) stacked into one array (I, J, K, C), in a type that holds all of them."""
    return np.stack([part.astype(np.result_type(*parts), copy=False) for part in parts], axis=-1)
