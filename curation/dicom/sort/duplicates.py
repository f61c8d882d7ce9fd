"""Instances that appear twice: equal copies are set aside, different ones make the series unusable."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curation.dicom.read.files import Unusable, read_pixels
from curation.dicom.read.instances import Instance, Storage
from registry.errors import InvalidInput
from registry.files.canonical import sha256_file


@dataclass(frozen=True)
class PartedCopies:
    """Instances without copies, the paths of the copies, and the series that hold two versions of one instance."""

    kept: tuple[Instance, ...]
    copies: tuple[str, ...]
    conflicts: frozenset[str]


def part_copies(source: Path, instances: Sequence[Instance]) -> PartedCopies:
    """The instances without copies: of equal ones, the first by path is kept.

    Two instances are the same when they share the SOP Instance UID, or when one slice of one volume appears twice with
    equal numbers and times (a copy with new UIDs). Equal pixels make them copies, different ones a conflict.
    """
    kept = sorted(instances, key=lambda item: os.fsencode(item.path))
    copies: list[str] = []
    conflicts: set[str] = set()
    for identity in (_by_uid, _by_place):
        kept = _part(source, kept, identity, copies, conflicts)
    return PartedCopies(tuple(kept), tuple(copies), frozenset(conflicts))


def _part(
    source: Path,
    instances: Sequence[Instance],
    identity: Callable[[Instance], Hashable],
    copies: list[str],
    conflicts: set[str],
) -> list[Instance]:
    seen: dict[Hashable, Instance] = {}
    kept = []
    for instance in instances:
        other = seen.setdefault(identity(instance), instance)
        if other is instance:
            kept.append(instance)
        elif _digest(source / other.path) == _digest(source / instance.path):
            copies.append(instance.path)
        else:
            kept.append(instance)
            conflicts.add(instance.series)
    return kept


def _by_uid(instance: Instance) -> tuple[Hashable, ...]:
    return (instance.patient.key, instance.series, instance.sop_instance)


def _by_place(instance: Instance) -> Hashable:
    if instance.storage is not Storage.SINGLE:
        return instance.path
    frame, protocol = instance.frames[0], instance.protocol
    position = tuple(round(value, 2) for value in frame.position)
    numbers = tuple(sorted(protocol.numbers.items()))
    return (
        _by_uid(instance)[:2],
        position,
        frame.cosines,
        instance.order,
        instance.origin.acquired,
        protocol.image_type,
        numbers,
    )


def _digest(path: Path) -> str:
    """SHA-256 of the pixels, or of the file if the pixels cannot be read."""
    try:
        return hashlib.sha256(np.ascontiguousarray(read_pixels(path)[0]).tobytes()).hexdigest()
    except (InvalidInput, Unusable):
        return sha256_file(path)
