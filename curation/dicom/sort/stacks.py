"""Instances become stacks: a stack is one image by its real geometry, whatever series it was filed under."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from curation.dicom.pseudonyms import Pseudonyms
from curation.dicom.read.instances import Frame, Instance
from curation.dicom.sort import grids

Slot = tuple[Instance, Frame]


@dataclass(frozen=True)
class Stack:
    """The instances of one image.

    Attributes:
        key: short name of the stack in plans and reports, from the salted series.
        series, study: salted Series and Study Instance UID.
        instances: in the order of their instance numbers.
        slots: for each slice position along the normal, its frames in order of time.
        orientations: number of orientations in the series, this one included.
    """

    key: str
    series: str
    study: str
    instances: tuple[Instance, ...]
    slots: tuple[tuple[Slot, ...], ...]
    orientations: int = 1

    @property
    def slices(self) -> list[Frame]:
        """The first frame of each slice position."""
        return [slot[0][1] for slot in self.slots]

    @property
    def volumes(self) -> int:
        """Number of times that the most frequent slice position was acquired."""
        return max(len(slot) for slot in self.slots)

    @property
    def is_complete(self) -> bool:
        """Whether every slice position was acquired equally often."""
        return len({len(slot) for slot in self.slots}) == 1

    @property
    def is_uneven(self) -> bool:
        """Whether headers state directions that differ by more than dcm2niix takes for one image."""
        frames = (frame for instance in self.instances for frame in instance.frames)
        return grids.direction_spread(frames) > grids.CONVERTED_TOGETHER

    @cached_property
    def grid(self) -> grids.Grid:
        """The grid the headers describe."""
        return grids.grid(self.slices, self.first.size)

    @property
    def first(self) -> Instance:
        """The instance whose header describes the stack."""
        return self.instances[0]

    @property
    def paths(self) -> list[str]:
        """Files of the stack."""
        return [instance.path for instance in self.instances]


def build(instances: Iterable[Instance], pseudonyms: Pseudonyms) -> list[Stack]:
    """The stacks of these instances, ordered by series number and key; every instance is in exactly one."""
    series: dict[tuple[str, str, str], list[Instance]] = defaultdict(list)
    for instance in instances:
        series[instance.patient.key, instance.study, instance.series].append(instance)
    stacks = [stack for members in series.values() for stack in _split_series(members, pseudonyms)]
    return sorted(stacks, key=lambda stack: (stack.first.series_number, stack.key))


def _split_series(members: Sequence[Instance], pseudonyms: Pseudonyms) -> list[Stack]:
    groups: dict[tuple[Any, ...], list[Instance]] = defaultdict(list)
    directions: list[Frame] = []
    for instance in sorted(members, key=lambda item: (item.instance_number, os.fsencode(item.path))):
        groups[_group_key(instance), _direction(instance.frames[0], directions)].append(instance)
    first = members[0]
    name = pseudonyms.of("series", first.series)
    # Two patients or studies can share a Series Instance UID: two digits of their own keep the keys apart.
    owner = pseudonyms.of("owner", f"{first.patient.key}\0{first.study}")[:2]
    turns: Mapping[Any, int] = {like: len({g[1] for g in groups if g[0] == like}) for like, _ in groups}
    stacks = []
    for number, (group, own) in enumerate(groups.items(), start=1):
        key = f"{name[:12]}{owner}" + (f"-{number}" if len(groups) > 1 else "")
        study = pseudonyms.of("study", first.study)
        stacks.append(Stack(key, name, study, tuple(own), _slots(own), turns[group[0]]))
    return stacks


def _group_key(instance: Instance) -> tuple[Any, ...]:
    """The properties that all frames of one image share, except orientation."""
    frame, protocol = instance.frames[0], instance.protocol
    spacing = tuple(round(value, 4) for value in frame.spacing_mm)
    echo = round(protocol.numbers.get("echo_time_ms", 0.0), 3)
    return (instance.sop_class, instance.storage, instance.size, spacing, echo, protocol.part)


def _direction(frame: Frame, known: list[Frame]) -> int:
    """Number of the frame's orientation; a new orientation is added to `known`."""
    for number, other in enumerate(known):
        if np.allclose(frame.cosines, other.cosines, atol=grids.SAME_DIRECTION):
            return number
    known.append(frame)
    return len(known) - 1


def _slots(members: Sequence[Instance]) -> tuple[tuple[Slot, ...], ...]:
    along = grids.normal(members[0].frames[0])
    frames = [(instance, frame) for instance in members for frame in instance.frames]
    frames.sort(key=lambda slot: (grids.depth_mm(slot[1], along), slot[0].order, slot[1].index))
    slots: list[list[Slot]] = []  # sorted by depth, a frame belongs to the last slot or opens a new one
    for slot in frames:
        if slots and grids.depth_mm(slot[1], along) - grids.depth_mm(slots[-1][0][1], along) <= grids.SAME_PLACE_MM:
            slots[-1].append(slot)
        else:
            slots.append([slot])
    return tuple(tuple(sorted(slot, key=_in_time)) for slot in slots)


def _in_time(slot: Slot) -> tuple[Any, ...]:
    instance, frame = slot
    return (frame.temporal, instance.acquisition_number, instance.instance_number, frame.index)
