"""Images of an export that hold nothing, or values that are no numbers; nobody else would see it before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlmodel import col, select

from registry.errors import InvalidInput
from registry.export.bundle import Bundle
from registry.files import volumes
from registry.files.parallel import map_files
from registry.index.facts import HEAVY_BYTES
from registry.tables import ImageMeasures
from registry.vocabulary.display import format_count, format_number

_BATCH = 500
_SHOWN = 5
"""So many images are named."""


class _Content(NamedTuple):
    """Whether every number of an image is 0, how many voxels are no number, and why it could not be read."""

    zero: bool = False
    not_numbers: int = 0
    problem: str | None = None


def note(bundle: Bundle) -> None:
    """Note the images that are 0 everywhere, hold NaN or infinity, or cannot be read to their end.

    What the checks measured of the same bytes is used; the other images are read by all cores.
    """
    refs = {ref.path: ref.sha256 for sample in bundle.manifest.samples for ref in sample.images.values()}
    found = _read_measures(bundle, refs)
    left = [path for path in sorted(refs) if path not in found]
    places = [bundle.contents.places[path] for path in left]
    heavy = sum(place.stat().st_size for place in places) > HEAVY_BYTES
    for number, content in enumerate(map_files(_look, places, heavy=heavy)):
        found[left[number]] = content
        if bundle.progress:
            bundle.progress(number + 1, len(left), "looking for empty images")
    bundle.notes += _describe({path: found[path] for path in sorted(found)})


def _read_measures(bundle: Bundle, refs: Mapping[str, str]) -> dict[str, _Content]:
    """What is known of images whose frozen bytes were measured."""
    found, paths = {}, sorted(refs)
    with bundle.registry.reading() as database:
        for start in range(0, len(paths), _BATCH):
            wanted = select(ImageMeasures).where(col(ImageMeasures.path).in_(paths[start : start + _BATCH]))
            for row in database.exec(wanted):
                # A series is measured by its first volume, so its other volumes have to be read.
                known = row.sha256 == refs[row.path] and row.problem is None and row.nonfinite is not None
                if known and (row.minimum, row.maximum) != (0, 0):
                    found[row.path] = _Content(False, row.nonfinite or 0)
    return found


def _look(path: Path) -> _Content:
    try:
        data = volumes.load(path).data
    except InvalidInput as error:
        return _Content(problem=error.message)
    bad = 0 if data.dtype.kind in "iub" else int(data.size - np.count_nonzero(np.isfinite(data)))
    return _Content(not np.any(np.nan_to_num(data, nan=0, posinf=0, neginf=0) if bad else data), bad)


def _describe(found: Mapping[str, _Content]) -> list[str]:
    zero = [path for path, content in found.items() if content.zero]
    bad = [
        f"{path} ({format_count(content.not_numbers, 'voxel')})"
        for path, content in found.items()
        if content.not_numbers
    ]
    broken = [f"{path} ({content.problem})" for path, content in found.items() if content.problem]
    notes = []
    if zero:
        notes.append(f"{_count(zero)} nothing but 0: {_list(zero)}.")
    if bad:
        notes.append(
            f"{_count(bad)} values that are no numbers (NaN or infinity); SimpleITK reads them as 0, other programs "
            f"do not: {_list(bad)}."
        )
    if broken:
        notes.append(f"{format_count(len(broken), 'image')} cannot be read to the end: {_list(broken)}.")
    return notes


def _count(paths: Sequence[str]) -> str:
    return f"{format_count(len(paths), 'image')} {'holds' if len(paths) == 1 else 'hold'}"


def _list(paths: Sequence[str]) -> str:
    more = f", and {format_number(len(paths) - _SHOWN)} more" if len(paths) > _SHOWN else ""
    return ", ".join(paths[:_SHOWN]) + more
