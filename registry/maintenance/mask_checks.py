"""Checks that the official validator does not make: masks and their images, from file facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from registry.bids import places
from registry.bids.names import parse
from registry.bids.places import Role
from registry.errors import GeometryError, InvalidInput
from registry.files.volumes import GRID_TOLERANCE_MM, corner_displacement_mm, one_volume
from registry.index.facts import LABEL_SUFFIXES
from registry.index.rows import Roots, subject_rows
from registry.tables import ConsensusMask, File, Mask
from registry.vocabulary.findings import Finding, Severity

_MASKED = (Role.READINGS, Role.CONSENSUS)


def check_subject(subject_id: str, files: Sequence[File], roots: Roots) -> Iterator[Finding]:
    """Every mask of a subject: has an image, lies on its grid, holds whole numbers of its label table."""
    by_path = {file.path: file for file in files}
    rows = subject_rows(subject_id, files, roots).others
    masks = {row.path: row for row in rows if isinstance(row, Mask | ConsensusMask)}
    for path, file in sorted(by_path.items()):
        if not _is_mask(path) or "shape" not in file.facts:
            continue
        if path not in masks:
            yield Finding("mask-without-image", Severity.ERROR, path, "names no image of the registry as its source")
        else:
            yield from _check_mask(masks[path], file, by_path[masks[path].image_path])


def _is_mask(path: str) -> bool:
    dataset, inner = places.split_dataset(path)
    name = parse(inner)
    return places.role(dataset)[0] in _MASKED and name is not None and name.suffix in LABEL_SUFFIXES | {"probseg"}


def _check_mask(mask: Mask | ConsensusMask, file: File, image: File) -> Iterator[Finding]:
    shape, on = list(_grid(mask.suffix, file.facts["shape"])), image.facts["shape"][:3]
    if shape != on:
        yield _error("mask-other-grid", mask.path, f"is {shape} voxels, its image {on}")
    else:
        moved = corner_displacement_mm(tuple(shape), _affine(file), _affine(image))
        if not moved <= GRID_TOLERANCE_MM:
            yield _error("mask-other-grid", mask.path, f"lies up to {moved:.3g} mm off its image's grid")
    if mask.suffix != "probseg" and "float" in file.facts["dtype"]:
        yield _error("mask-not-integer", mask.path, f"is stored as {file.facts['dtype']}, labels are whole numbers")
    if unknown := set(file.facts.get("counts", {})) - set(mask.labels):
        yield _error("mask-unknown-label", mask.path, f"holds label {min(unknown)}, which its table does not name")
    if mask.stale:
        yield Finding("mask-stale", Severity.WARNING, mask.path, "an image or reading changed after it was made")
    if not file.facts["forms_agree"]:
        yield Finding("forms-disagree", Severity.WARNING, mask.path, "sform and qform place it differently")


def _grid(suffix: str, shape: Sequence[int]) -> Sequence[int]:
    """What must be the image's grid; probabilities may have a volume for each label."""
    return shape[:3] if suffix == "probseg" else one_volume(shape)


def _affine(file: File) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(file.facts["affine"], dtype=float).reshape(4, 4)


def _error(code: str, path: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, path, message)


def require_sound(findings: Iterable[Finding]) -> None:
    """Refuse a change that would break the contract.

    Raises:
        GeometryError: a mask on another grid.
        InvalidInput: any other error; the message names the first file and counts the rest.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return
    first, more = errors[0], len(errors) - 1
    kind = GeometryError if first.code == "mask-other-grid" else InvalidInput
    tail = f" ({more} more like it)" if more else ""
    raise kind(
        f"{first.path} {first.message}{tail}.", "Nothing was imported. Correct the delivery and import it again."
    )


def by_subject(files: Iterable[File]) -> Mapping[str, list[File]]:
    """Files grouped by the subject they belong to."""
    grouped: dict[str, list[File]] = {}
    for file in files:
        if file.subject_id:
            grouped.setdefault(file.subject_id, []).append(file)
    return grouped
