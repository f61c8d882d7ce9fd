"""What BIDS requires of an image beyond its name: a time axis, one volume, a gradient for each volume."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from curation.importers.bids.items import Item, ItemKind
from curation.importers.cleaning.nifti import CleanNifti
from curation.importers.report import Reason
from curation.importers.staging import RefusedError, require_file
from registry.bids.filenames import parse_name

ByFolder = Mapping[str, list[Item]]

_GRADIENTS = {".bval": 1, ".bvec": 3}
"""Rows of numbers in each table."""


def fit_shape(source: Path, by_folder: ByFolder, item: Item, content: CleanNifti) -> CleanNifti:
    """The image as BIDS wants it: a `T1w` loses axes of length 1 beyond the third, other images are unchanged.

    Args:
        source: the delivery's folder.
        by_folder: its files by their folder, among them the tables of gradients.
        item: the image.
        content: its clean content.

    Raises:
        RefusedError: a `bold` without a time axis, a `T1w` of several volumes, a `dwi` without its gradients.
    """
    suffix, axes = item.name.suffix if item.name else "", content.dim[0]
    if fault := find_axis_fault(suffix, content.dim[1 : 1 + axes]):
        raise RefusedError(Reason.NOT_AS_NAMED, fault)
    if suffix == "T1w" and axes > 3:
        return content.channel(0)
    if suffix == "dwi":
        _require_gradients(source, by_folder, item, content.channels)
    return content


def find_axis_fault(suffix: str, shape: Sequence[int]) -> str:
    """A sentence why BIDS does not allow an image of this shape under the suffix; empty if it does.

    Every importer asks this. Source: the checks `BoldNot4d` and `T1wFileWithTooManyDimensions` of the BIDS schema;
    axes of length 1 beyond the third can be dropped, so they are no fault of a `T1w`.
    """
    if suffix == "bold" and len(shape) != 4:
        return f"A bold image has four axes, this one has {len(shape)}."
    if suffix == "T1w" and (count := math.prod(shape[3:])) > 1:
        return f"A T1w image is one volume, this one holds {count}."
    return ""


def _require_gradients(source: Path, by_folder: ByFolder, item: Item, volumes: int) -> None:
    for extension, rows in _GRADIENTS.items():
        table = find_nearest(by_folder, item, "dwi", extension)
        if table is None:
            raise RefusedError(Reason.NOT_AS_NAMED, f"A dwi image needs its {extension}, and there is none.")
        if _count_numbers(source / table.path) != [volumes] * rows:
            wanted = f"{rows} {'row' if rows == 1 else 'rows'} of {volumes} numbers, one for each volume"
            raise RefusedError(Reason.NOT_AS_NAMED, f"Its {extension} has to hold {wanted}.")


def find_nearest(by_folder: ByFolder, image: Item, suffix: str, extension: str) -> Item | None:
    """The table that an image inherits: in the deepest folder above it, with no entity that the image lacks.

    Args:
        by_folder: the files of the source by their folder.
        image: an image of the source.
        suffix: of the table, `events`.
        extension: of the table, `.tsv`.
    """
    own = parse_name(image.path.rpartition("/")[2]).entities.items()
    for folder in PurePosixPath(image.path).parents:
        fitting = [
            (len(name.entities), other.path, other)
            for other in by_folder.get("" if str(folder) == "." else str(folder), ())
            if other.kind in (ItemKind.COMPANION, ItemKind.INHERITED) and other.dataset == image.dataset
            for name in (parse_name(other.path.rpartition("/")[2]),)
            if (name.suffix, name.extension) == (suffix, extension) and name.entities.items() <= own
        ]
        if fitting:
            return max(fitting, key=lambda entry: entry[:2])[2]
    return None


def _count_numbers(path: Path) -> list[int]:
    """Count of numbers in each row; empty if the file holds anything else."""
    require_file(path)
    try:
        rows = [[float(word) for word in line.split()] for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        return []
    return [len(row) for row in rows if row]
