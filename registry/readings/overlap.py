"""LabelMapSize one label map, or compare two, from their voxels; results are cached by checksum, arrays are not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from registry.files.volumes import Volume, load_labels
from registry.index.by_checksum import resolver
from registry.measures import overlap
from registry.measures.components import components
from registry.store import Registry


@dataclass(frozen=True)
class LabelMapSize:
    """Volume of everything in a label map that is not background, and its number of parts (26-connected components)."""

    volume_mm3: float
    parts: int


class _Absent(Exception):
    """The content of a file is not on this machine; raised, because exceptions are not cached."""


def measure(registry: Registry, sha256: str) -> LabelMapSize | None:
    """Volume and parts of a label map; None where its content is not on this machine."""
    try:
        return _measure(registry, sha256)
    except _Absent:
        return None


def dice(registry: Registry, first: str, second: str) -> float | None:
    """Dice coefficient of two label maps on one grid; with several labels, the mean over them.

    Args:
        registry: the registry.
        first: SHA-256 of one label map's file.
        second: SHA-256 of the other's.

    Returns:
        0 to 1; None where both are empty, one is not on this machine, or their shapes differ.
    """
    try:
        return _compare(registry, *sorted((first, second)))
    except _Absent:
        return None


@lru_cache(maxsize=20_000)
def _measure(registry: Registry, sha256: str) -> LabelMapSize:
    volume = _load(registry, sha256)
    _, sizes = components(volume.data != 0)
    return LabelMapSize(int(sizes.sum()) * volume.voxel_mm3, len(sizes))


@lru_cache(maxsize=20_000)
def _compare(registry: Registry, first: str, second: str) -> float | None:
    one, other = _load(registry, first), _load(registry, second)
    if one.data.shape != other.data.shape:
        return None
    labels = sorted({*np.unique(one.data).tolist(), *np.unique(other.data).tolist()} - {0})
    found = [overlap.dice(one.data == label, other.data == label) for label in labels]
    return float(np.mean([value for value in found if value is not None])) if labels else None


def _load(registry: Registry, sha256: str) -> Volume:
    path = resolver(registry)(sha256)
    if path is None or not path.is_file():
        raise _Absent(sha256)
    return load_labels(path)
