"""Masks of a BIDS dataset: each is checked against its image and its label table before it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curation.importers.bids.import_state import BidsImportState, clean_bytes, is_integer, source_image
from curation.importers.bids.items import Item, ItemKind
from curation.importers.report import Reason
from curation.importers.staging import Placed, RefusedError, open_nifti, read_mask, require_file
from registry.bids import places
from registry.errors import GeometryError
from registry.files import volumes
from registry.files.canonical import read_tsv, sha256_bytes, sha256_file
from registry.files.geometry import require_same_grid

_PLAIN = {0: "background", 1: "foreground"}


def copy_mask(state: BidsImportState, item: Item) -> None:
    """Write one mask into the tree; readings and consensus masks must fit an image that was imported too."""
    assert item.name is not None
    open_nifti(state.source / item.path)
    data: bytes | None = None
    image: Placed | None = None
    if places.role(item.dataset)[0] in (places.Role.READINGS, places.Role.CONSENSUS):
        image = source_image(state, item)
        if image is None:
            raise RefusedError(Reason.NO_IMAGE_FOR_MASK, "Neither its sidecar nor its name leads to an imported image.")
        data = _check_labels(state, item, image)
    state.tree.write(item.target, clean_bytes(state, item) if data is None else data)
    if image is not None:
        state.references[item.target] = image
    state.tree.links.setdefault(item.dataset, set())
    state.keep_file(item.path, item.target)


def _check_labels(state: BidsImportState, item: Item, image: Placed) -> bytes | None:
    """New bytes if the labels were stored as decimals; None if the file can be copied."""
    path = state.source / item.path
    if item.name is not None and item.name.suffix == "probseg":
        _check_grid(path, image)
        return None
    labels = read_mask(path, image.header, _find_labels(state, item))
    if is_integer(path):
        return None
    data = volumes.encode(labels, image.header.affine_ras)
    state.rewritten[sha256_file(path)] = sha256_bytes(data)
    state.tree.notes.append(f"{item.path}: labels stored as decimals became whole numbers.")
    return data


def _check_grid(path: Path, image: Placed) -> None:
    """Check the grid of probabilities, which may have a volume for each label."""
    header = volumes.read_header(path)
    try:
        require_same_grid(path.name, header.shape[:3], header.affine_ras, image.header)
    except GeometryError as error:
        raise RefusedError(Reason.OTHER_GRID, error.message) from error


def _find_labels(state: BidsImportState, item: Item) -> Mapping[int, str]:
    """Label value to name, from the table beside the mask or above it; 0 and 1 without a table."""
    assert item.name is not None
    if item.name.suffix == "mask":
        return _PLAIN
    parts = set(item.name.stem.split("_"))
    stem = item.path.partition(".")[0]
    for other in state.items:
        above = other.kind is ItemKind.HEAD and other.dataset == item.dataset and other.inner.endswith("dseg.tsv")
        if other.path == f"{stem}.tsv" or (above and set(other.inner.partition(".")[0].split("_")) <= parts):
            return _read_labels(state.source / other.path)
    return _PLAIN


def _read_labels(path: Path) -> Mapping[int, str]:
    try:
        require_file(path)
        return {0: "background", **{int(str(row["index"])): str(row["name"]) for row in read_tsv(path)}}
    except (ValueError, KeyError) as error:
        raise RefusedError(Reason.LABEL_VALUES, f"Its label table {path.name} is not readable ({error}).") from error
