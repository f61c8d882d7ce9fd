"""The state of one import of a BIDS dataset, and how images and masks pass through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from curation.importers.bids.items import Item, ItemKind
from curation.importers.bids.shapes import fit_shape
from curation.importers.cleaning import sidecars
from curation.importers.cleaning.nifti import is_clean
from curation.importers.cleaning.sidecars import IMAGE_FIELDS
from curation.importers.cleaning.values import Value
from curation.importers.kept_files import Kept
from curation.importers.staging import Placed, RefusedError, Staging, open_nifti, require_file, require_inside
from registry.bids import places
from registry.bids.names import IMAGE_ENTITIES, BidsName
from registry.bids.sidecars import Level, Metadata, by_folder, metadata
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.canonical import sha256_bytes, sha256_file


@dataclass
class BidsImportState:
    """The state of one import.

    Attributes:
        source: the delivery's folder.
        tree: the BIDS tree that is being written.
        items: every file of the source.
        images: path in the source to the image as it lies in the tree.
        references: path in the tree of a mask to the image that it was drawn on.
        rewritten: checksum in the source to checksum in the tree, where cleaning changed the bytes.
        kept: paths in the tree of every data file that was kept.
        dropped: how often each sidecar field was dropped.
        participants: rows of participants.tsv by the tree's subject; None means the source's own table is read.
        visits: rows that describe one session each, by session key.
    """

    source: Path
    tree: Staging
    items: list[Item]
    images: dict[str, Placed] = field(default_factory=dict)
    references: dict[str, Placed] = field(default_factory=dict)
    rewritten: dict[str, str] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    dropped: Counter[str] = field(default_factory=Counter)
    participants: dict[str, dict[str, Any]] | None = None
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def by_folder(self) -> Mapping[str, list[Item]]:
        """Folder in the source to the items that lie directly in it."""
        folders: dict[str, list[Item]] = {}
        for item in self.items:
            folders.setdefault(item.path.rpartition("/")[0], []).append(item)
        return folders

    def attempt(self, item: Item, action: Any) -> None:
        """Call `action(item)`; a refusal is recorded and the import goes on."""
        try:
            require_file(self.source / item.path)
            if item.kind not in (ItemKind.IMAGE, ItemKind.MASK):
                require_inside(self.source, item.path)
            action(item)
        except RefusedError as error:
            self.tree.refuse(item.path, error.reason, error.detail)

    def read_json(self, path: str) -> dict[str, Any]:
        """The object in a JSON file of the source; `{}` where it is absent, unreadable or a link out of it."""
        try:
            require_inside(self.source, path)
            return sidecars.read(self.source / path) if (self.source / path).is_file() else {}
        except (InvalidInput, RefusedError):
            return {}

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """Each folder of the source with its sidecars; unreadable ones count as empty."""
        paths = [item.path for item in self.items if item.path.endswith(".json") and item.kind is not ItemKind.CLOSED]
        return by_folder((path, self.read_json(path)) for path in paths)

    def metadata(self, path: str) -> Metadata:
        """The sidecar fields of one file of the source, inherited ones included."""
        return metadata(path, self.levels)

    def keep(
        self,
        fields: Mapping[str, Any],
        allowed: Mapping[str, Value] = IMAGE_FIELDS,
        columns: Iterable[str] = (),
    ) -> dict[str, Any]:
        """The fields that `sidecars.keep` keeps; dropped fields are counted for the report.

        Args:
            fields: of one JSON file.
            allowed: field to the kind of its value.
            columns: of the table that the file describes.
        """
        kept, dropped = sidecars.keep(fields, allowed, columns)
        self.dropped.update(dropped)
        return kept


def clean_bytes(state: BidsImportState, item: Item) -> bytes:
    """The file's bytes: unchanged if they are clean, cleaned otherwise."""
    path = state.source / item.path
    content = fit_shape(state.source, state.by_folder, item, open_nifti(path))
    if item.path.endswith(".nii.gz") and is_clean(path, content):
        return path.read_bytes()
    data = content.encode()
    state.rewritten[sha256_file(path)] = sha256_bytes(data)
    return data


def copy_image(state: BidsImportState, item: Item) -> None:
    """Write one image into the tree."""
    assert item.name is not None
    placed = state.tree.image(item.name, clean_bytes(state, item), {}, item.dataset)
    state.images[item.path] = placed
    state.kept.add(placed.path)


def source_image(state: BidsImportState, item: Item) -> Placed | None:
    """The image that a mask was drawn on: the one its sidecar names, else the one its file name leads to; or None."""
    assert item.name is not None
    fields = state.metadata(item.path)
    described = state.read_json(f"{item.dataset}/dataset_description.json").get("DatasetLinks")
    links = {**described, "raw": "file:../.."} if isinstance(described, dict) else {"raw": "file:../.."}
    for uri in _list_uris(fields):
        path = places.resolve(uri, item.dataset, links)
        if path in state.images:
            return state.images[str(path)]
    return _find_by_name(item.name, state.images.values())


def _list_uris(fields: Mapping[str, Any]) -> list[str]:
    reference, listed = fields.get("SpatialReference"), fields.get("Sources")
    first = list(reference.values()) if isinstance(reference, dict) else [reference]
    return [uri for uri in [*first, *(listed if isinstance(listed, list) else [listed])] if isinstance(uri, str)]


def _find_by_name(mask: BidsName, images: Iterable[Placed]) -> Placed | None:
    """The raw image with the mask's entities, and with the suffix that its `space` names; None unless exactly one."""

    def key(name: BidsName) -> tuple[str | None, ...]:
        return tuple(name.entities.get(entity) for entity in ("sub", "ses", *IMAGE_ENTITIES, "chunk"))

    space = mask.entities.get("space")
    fitting = [
        image
        for image in images
        if key(image.name) == key(mask)
        and not image.path.startswith("derivatives/")
        and space in (None, image.name.suffix)
    ]
    return fitting[0] if len(fitting) == 1 else None


def is_integer(path: Path) -> bool:
    """Whether the voxels are stored as whole numbers."""
    return volumes.read_header(path).dtype.startswith(("int", "uint"))
