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
from curation.importers.staging import Placed, RefusedError, Staging, require_file, require_inside
from registry.bids import places
from registry.bids.names import IMAGE_ENTITIES, BidsName, mask_entities
from registry.bids.sidecars import Level, Metadata, Sidecar, by_folder, list_applying, merge
from registry.errors import InvalidInput
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
        anew: words for how label maps were stored that no program should have to guess, to those label maps; the tree
            holds them written anew.
        kept: paths in the tree of every data file that was kept.
        sources: path in the tree of a data file to its path in the source.
        readmes: folder of a dataset to the texts that its README joins.
        tables_above: paths in the tree of tables of label names above subjects.
        applied: sidecars of the source that apply to a file that was kept.
        dropped: how often each sidecar field was dropped.
        tables: path in the source of a table of people or visits to its rows by key.
        unfit: how often a value of each field was of another kind or out of range.
        participants: rows of participants.tsv by the tree's subject; None means the source's own table is read.
        visits: rows that describe one session each, by session key.
    """

    source: Path
    tree: Staging
    items: list[Item]
    images: dict[str, Placed] = field(default_factory=dict)
    references: dict[str, Placed] = field(default_factory=dict)
    rewritten: dict[str, str] = field(default_factory=dict)
    anew: dict[str, list[str]] = field(default_factory=dict)
    kept: Kept = field(default_factory=Kept)
    sources: dict[str, str] = field(default_factory=dict)
    readmes: dict[str, list[str]] = field(default_factory=dict)
    tables_above: list[str] = field(default_factory=list)
    applied: set[str] = field(default_factory=set)
    dropped: Counter[str] = field(default_factory=Counter)
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    unfit: Counter[str] = field(default_factory=Counter)
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
        return self._read_object(path) or {}

    @cached_property
    def _documents(self) -> Mapping[str, dict[str, Any] | None]:
        """Each JSON file of the source with its object; None where it cannot be read."""
        paths = [item.path for item in self.items if item.path.endswith(".json") and item.kind is not ItemKind.CLOSED]
        return {path: self._read_object(path) for path in paths}

    def _read_object(self, path: str) -> dict[str, Any] | None:
        try:
            require_file(self.source / path)
            require_inside(self.source, path)
            return sidecars.read(self.source / path)
        except (InvalidInput, RefusedError):
            return None

    @cached_property
    def _levels(self) -> Mapping[str, Level]:
        return by_folder((path, content or {}) for path, content in self._documents.items())

    def applying(self, path: str) -> list[Sidecar]:
        """The sidecars that apply to one file of the source, the nearest last."""
        return list_applying(path, self._levels)

    def unreadable_layer(self, path: str) -> str | None:
        """The nearest sidecar that applies to a file of the source and cannot be read; None if all can."""
        unreadable = [item.path for item in self.applying(path) if self._documents[item.path] is None]
        return unreadable[-1] if unreadable else None

    def metadata(self, path: str) -> Metadata:
        """The sidecar fields of one file of the source, inherited ones included.

        A sidecar that cannot be read may hold any field. So nothing that stands above it counts.
        """
        applying, unreadable = self.applying(path), self.unreadable_layer(path)
        first = next((at for at, item in enumerate(applying, start=1) if item.path == unreadable), 0)
        return merge(applying[first:])

    def dataset_links(self, dataset: str) -> Mapping[str, Any]:
        """`DatasetLinks` of one dataset of the source; `raw` is always its root."""
        described = self.read_json(f"{dataset}/dataset_description.json".lstrip("/")).get("DatasetLinks")
        return {**(described if isinstance(described, dict) else {}), "raw": "file:../.."}

    def keep_file(self, source: str, target: str) -> None:
        """Record that a data file of the source lies in the tree."""
        self.kept.add(target)
        self.sources[target] = source

    @cached_property
    def targets(self) -> Mapping[str, str]:
        """Path in the source of each data file that was kept to its path in the tree; read it after they all were."""
        return {source: target for target, source in self.sources.items()}

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
        self.unfit.update(dropped & sidecars.MEASURED)
        self.dropped.update(dropped - sidecars.MEASURED)
        return kept


def clean_bytes(state: BidsImportState, item: Item) -> bytes:
    """The file's bytes: unchanged if they are clean, cleaned otherwise."""
    path = state.source / item.path
    content = fit_shape(state.source, state.by_folder, item, state.tree.open_image(state.source, item.path))
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
    state.keep_file(item.path, placed.path)


def source_image(state: BidsImportState, item: Item) -> Placed | None:
    """The image that a mask was drawn on: the one its sidecar names, else the one its file name leads to; or None."""
    assert item.name is not None
    fields = state.metadata(item.path)
    links = state.dataset_links(item.dataset)
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
    """The raw image with the mask's entities, and with the grid that its `space` names; None unless exactly one."""

    def key(name: BidsName) -> tuple[str | None, ...]:
        return tuple(name.entities.get(entity) for entity in ("sub", "ses", *IMAGE_ENTITIES, "chunk"))

    space = mask.entities.get("space")
    own = {entity: mask.entities[entity] for entity in mask.entities if entity not in ("label", "desc", "seg", "res")}
    fitting = [
        image
        for image in images
        if not image.path.startswith("derivatives/")
        and (own == mask_entities(image.name) or (key(image.name) == key(mask) and space in (None, image.name.suffix)))
    ]
    return fitting[0] if len(fitting) == 1 else None
