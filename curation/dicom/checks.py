"""Findings about a stack and about the person in it: what speaks against it, and what a reviewer should know."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from curation.dicom import people
from curation.dicom.codes import Code, about
from curation.dicom.read.instances import Instance, Storage
from curation.dicom.sort import grids
from curation.dicom.sort.stacks import Stack
from registry.vocabulary.findings import Finding

_PROCESSED = re.compile(r"(?:^|[^a-z])(?:reg|registered|coreg|resampled|reformatted|mpr|moco)(?:[^a-z]|$)", re.I)


def of_stack(stack: Stack) -> list[Finding]:
    """Findings about the geometry, the completeness and the header of one stack."""
    return [*_check_geometry(stack), *_check_counts(stack), *_check_header(stack)]


def _check_geometry(stack: Stack) -> Iterator[Finding]:
    along = grids.normal(stack.slices[0])
    depths = [grids.depth_mm(frame, along) for frame in stack.slices]
    rounding = grids.rounding_mm(stack.slices)
    missing, even = grids.gaps(depths, rounding)
    if mixed := next(filter(None, map(_find_mixed, stack.instances)), ""):
        yield about(Code.MIXED_IN_ONE_FILE, f"One file holds frames of several {mixed}.", stack.key)
    elif not even:
        steps = [after - before for before, after in pairwise(depths)]
        message = f"Distances between slices run from {min(steps):.2f} to {max(steps):.2f} mm."
        yield about(Code.IRREGULAR_SPACING, message, stack.key)
    elif missing:
        yield about(Code.MISSING_SLICES, f"{missing} of {len(depths) + missing} slices are missing.", stack.key)
    elif (off := grids.off_line_mm(stack.slices)) > max(grids.ALIGNED_MM, 4 * rounding):
        yield about(Code.SHIFTED_SLICES, f"Slices lie up to {off:.2f} mm beside their line.", stack.key)
    elif (tilt := grids.tilt_mm(stack.slices)) > grids.tilt_limit_mm(stack.slices):
        message = f"Its slices are shifted sideways, the last one by {tilt:.2f} mm: its grid is sheared, and programs "
        message += "that know only cuboids refuse or misplace it."
        yield about(Code.TILTED, message, stack.key)
    if len(depths) == 1:
        yield about(Code.SINGLE_SLICE, "It is one slice, no volume.", stack.key)
    if stack.orientations > 1:
        message = f"The series holds {stack.orientations} orientations; this is the {stack.grid.plane} one."
        yield about(Code.MIXED_ORIENTATIONS, message, stack.key)


def _find_mixed(instance: Instance) -> str:
    """What the frames of one file differ in and cannot be parted by; empty if they are one image."""
    found: dict[str, set[Any]] = {
        "orientations": {tuple(round(value, 3) for value in frame.cosines) for frame in instance.frames},
        "components (magnitude and phase)": {frame.kind[0] for frame in instance.frames},
        "echo times": {frame.kind[1] for frame in instance.frames},
    }
    return next((word for word, values in found.items() if len(values) > 1), "")


def _check_counts(stack: Stack) -> Iterator[Finding]:
    if not stack.is_complete:
        counts = sorted({len(slot) for slot in stack.slots})
        message = f"Slice positions were acquired {counts[0]} to {counts[-1]} times: a volume is incomplete."
        yield about(Code.INCOMPLETE_VOLUMES, message, stack.key)
    elif stack.volumes > 1:
        yield about(Code.TIME_SERIES, f"It holds {stack.volumes} volumes.", stack.key)
    if stack.first.storage is not Storage.SINGLE:
        return
    if stack.first.stated > len(stack.instances):
        message = f"The header says {stack.first.stated} images were acquired, {len(stack.instances)} are here."
        yield about(Code.FEWER_THAN_ACQUIRED, message, stack.key)
    taken = {instance.instance_number for instance in stack.instances} - {0}
    if stack.orientations == 1 and taken and max(taken) - min(taken) + 1 != len(stack.instances):
        yield about(Code.INSTANCE_GAP, "Instance numbers leave gaps or repeat.", stack.key)


def _check_header(stack: Stack) -> Iterator[Finding]:
    first, protocol = stack.first, stack.first.protocol
    if first.storage is Storage.MULTIFRAME:
        yield about(Code.ENHANCED_MULTIFRAME, "All frames are in enhanced multi-frame files.", stack.key)
    if "DERIVED" in protocol.image_type[:1]:
        yield about(Code.DERIVED, "Image Type says it was computed from other images.", stack.key)
    if _PROCESSED.search(protocol.description.replace("_", " ")):
        message = "Registered or resampled, so no raw image: keep it only where the raw one is missing."
        yield about(Code.PROCESSED, message, stack.key)
    if any(instance.burned_in for instance in stack.instances):
        yield about(Code.BURNED_IN, "The header says that text is burned into the pixels.", stack.key)
    if missing := _find_unscaled(stack):
        message = f"{missing}, the others do: slices may differ in unit."
        yield about(Code.RESCALE_CONTRADICTS, message, stack.key)
    if len({frame.rescale for item in stack.instances for frame in item.frames if frame.rescale}) > 1:
        message = "Its frames state different slopes: it comes in only if every converted voxel agrees with its own."
        yield about(Code.RESCALE_CONTRADICTS, message, stack.key)
    if not all(item.decodable for item in stack.instances):
        message = "No decoder for its compressed pixels is installed: only its geometry can be compared."
        yield about(Code.NOT_COMPARABLE, message, stack.key)
    if not first.origin.study_date:
        yield about(Code.NO_STUDY_DATE, "The study has no date: its place among sessions is unknown.", stack.key)


def _find_unscaled(stack: Stack) -> str:
    """Words for files that state no slope, or no intercept, among files with one that matters; empty without any."""
    total = len(stack.instances)
    for place, (what, neutral) in enumerate((("slope", 1.0), ("intercept", 0.0))):
        without = sum(not item.rescale_stated[place] for item in stack.instances)
        if 0 < without < total and any(item.rescale[place] != neutral for item in stack.instances):
            return f"{without} of {total} files state no {what}"
    return ""


def of_people(stacks: Iterable[Stack]) -> Mapping[str, list[Finding]]:
    """Findings about who was scanned, by the key of the stack; a stack without one is absent."""
    stacks = list(stacks)
    in_folder, in_series, in_study = defaultdict(set), defaultdict(set), defaultdict(set)
    by_key: dict[str, list[Instance]] = defaultdict(list)
    alike: dict[str, set[str]] = defaultdict(set)
    studies: dict[str, set[str]] = defaultdict(set)
    for stack in stacks:
        by_key[stack.first.patient.key].append(stack.first)
        studies[stack.first.patient.key].add(stack.first.study)
    for instance in (instance for stack in stacks for instance in stack.instances):
        key = instance.patient.key or f"study:{instance.study}"
        in_folder[_folder(instance.path)].add(key)
        in_series[instance.series].add(key)
        in_study[instance.study].add(key)
        alike[_plain(key)].add(key)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for stack in stacks:
        key, by_name = stack.first.patient.key, stack.first.patient.is_by_name
        folders = {_folder(path) for path in stack.paths}
        if len(in_series[stack.first.series]) > 1:
            message = "Its Series Instance UID is used for more than one patient."
            findings[stack.key].append(about(Code.SERIES_OF_SEVERAL_PATIENTS, message, stack.key))
        elif max(len(in_folder[folder]) for folder in folders) > 1:
            message = "Its folder holds more than one patient; each became a subject."
            findings[stack.key].append(about(Code.SEVERAL_PATIENTS, message, stack.key))
        if not key:
            message = "The header names nobody (no Patient ID, or a placeholder); the study counts as a person."
            findings[stack.key].append(about(Code.PATIENT_UNKNOWN, message, stack.key))
        elif differing := people.find_conflicts(by_key[key]):
            what = "One name and birth date, without a Patient ID," if by_name else "One Patient ID"
            message = f"{what} comes with different {' and '.join(differing)}: it may stand for several people."
            findings[stack.key].append(about(Code.PATIENT_CONFLICT, message, stack.key))
        elif by_name and len(studies[key]) > 1:
            message = f"No Patient ID: its name and birth date make {len(studies[key])} studies one person; are they?"
            findings[stack.key].append(about(Code.PATIENT_BY_NAME, message, stack.key))
        elif len(alike[_plain(key)]) > 1:
            message = "Another Patient ID differs only by letter case, marks or leading zeros: is it one person?"
            findings[stack.key].append(about(Code.PATIENT_ALIKE, message, stack.key))
        if len(in_study[stack.first.study]) > 1 and stack.first.study:
            message = "Its study comes under several Patient IDs: is it one person?"
            findings[stack.key].append(about(Code.STUDY_OF_SEVERAL_PATIENTS, message, stack.key))
    return findings


def _plain(key: str) -> str:
    """A key without what typing changes: letter case, marks, leading zeros."""
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", re.sub(r"[^\w:]|_", "", key.casefold()))


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent)
