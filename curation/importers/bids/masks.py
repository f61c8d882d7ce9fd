"""Masks of a BIDS dataset: each is checked against its image and its label table before it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from curation.importers.bids.import_state import BidsImportState, clean_bytes, source_image
from curation.importers.bids.items import Item, ItemKind
from curation.importers.report import Reason
from curation.importers.staging import Placed, RefusedError, open_nifti, read_labels, read_mask, require_file
from registry.bids import places
from registry.bids.filenames import strip_extension
from registry.errors import GeometryError
from registry.files import mask_storage, volumes
from registry.files.canonical import read_tsv, sha256_bytes, sha256_file
from registry.files.geometry import require_same_grid

_PLAIN = {0: "background", 1: "foreground"}


def copy_mask(state: BidsImportState, item: Item) -> None:
    """Write one mask into the tree; readings and consensus masks must fit an image that was imported too."""
    assert item.name is not None
    open_nifti(state.source / item.path)
    rated = places.role(item.dataset)[0] in (places.Role.READINGS, places.Role.CONSENSUS)
    image = source_image(state, item)
    if rated and image is None:
        raise RefusedError(Reason.NO_IMAGE_FOR_MASK, "Neither its sidecar nor its name leads to an imported image.")
    if item.name.suffix == "probseg":
        data = _read_shares(state, item, image, rated)
    else:
        data = _read_labels_on(state, item, image, rated)
    state.tree.write(item.target, clean_bytes(state, item) if data is None else data)
    if rated and image is not None:
        state.references[item.target] = image
    state.tree.links.setdefault(item.dataset, set())
    state.keep_file(item.path, item.target)


def _read_labels_on(state: BidsImportState, item: Item, image: Placed | None, rated: bool) -> bytes | None:
    """New bytes of a label map that a program may read otherwise than it was checked; None if the file can be copied.

    Args:
        state: the import.
        item: the label map.
        image: the image that it was drawn on, where one is known.
        rated: it is a reading or consensus, which has to fit its image; other label maps may have a grid of their own.
    """
    path = state.source / item.path
    if rated and image is not None:
        labels = read_mask(path, image.header, _find_labels(state, item))
    else:
        labels = read_labels(path).data
    reference = _file_of(state, image) if image is not None and (rated or _fits(path, image)) else path
    return _write_anew(state, item, reference, labels)


def _read_shares(state: BidsImportState, item: Item, image: Placed | None, rated: bool) -> bytes | None:
    """As `_read_labels_on`, for probabilities, which are decimals and may have a volume for each label."""
    path = state.source / item.path
    if rated and image is not None:
        _check_grid(path, image)
    reference = _file_of(state, image) if image is not None and _fits(path, image) else path
    differences = [
        words
        for words in mask_storage.list_differences(path, reference)
        if words != "as decimals" and "axes" not in words
    ]
    return _write_anew(state, item, reference, volumes.load(path).data) if differences else None


def _write_anew(state: BidsImportState, item: Item, reference: Path, data: volumes.Array) -> bytes | None:
    """The mask as the registry stores it, on the grid of another file; None if it is stored so already."""
    path = state.source / item.path
    differences = mask_storage.list_differences(path, reference)
    if not differences:
        return None
    encoded = mask_storage.encode_on(data, reference)
    state.rewritten[sha256_file(path)] = sha256_bytes(encoded)
    for words in differences:
        state.anew.setdefault(words, []).append(item.path)
    return encoded


def _file_of(state: BidsImportState, image: Placed) -> Path:
    return state.tree.root / image.path


def _fits(path: Path, image: Placed) -> bool:
    """Whether a file lies on the grid of an image."""
    try:
        _check_grid(path, image)
    except RefusedError:
        return False
    return True


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
    stem = strip_extension(item.path)
    for other in state.items:
        above = other.kind is ItemKind.HEAD and other.dataset == item.dataset and other.inner.endswith("dseg.tsv")
        if other.path == f"{stem}.tsv" or (above and set(strip_extension(other.inner).split("_")) <= parts):
            return _read_table(state.source / other.path)
    return _PLAIN


def _read_table(path: Path) -> Mapping[int, str]:
    try:
        require_file(path)
        return {0: "background", **{int(str(row["index"])): str(row["name"]) for row in read_tsv(path)}}
    except (ValueError, KeyError) as error:
        raise RefusedError(Reason.LABEL_VALUES, f"Its label table {path.name} is not readable ({error}).") from error
