"""What one import of a BIDS dataset knows while it runs, and how images and masks pass through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from curation.importers.bids.items import Item, Kind
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
class Run:
    """The state of one import.

    Attributes:
        images: path in the source to the image as it lies in the tree.
        references: path in the tree of a mask to the image it was drawn on.
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
        """Folder in the source to the items directly in it."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            found.setdefault(item.path.rpartition("/")[0], []).append(item)
        return found

    def attempt(self, item: Item, action: Any) -> None:
        """Run `action(item)`; a refusal is listed and the import goes on."""
        try:
            require_file(self.source / item.path)
            if item.kind not in (Kind.IMAGE, Kind.MASK):
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
        """Each folder of the source with its sidecars; what cannot be read is none."""
        paths = [item.path for item in self.items if item.path.endswith(".json") and item.kind is not Kind.CLOSED]
        return by_folder((path, self.read_json(path)) for path in paths)

    def metadata(self, path: str) -> Metadata:
        """What the sidecars of the source say of one file, inherited ones included."""
        return metadata(path, self.levels)

    def keep(
        self,
        fields: Mapping[str, Any],
        allowed: Mapping[str, Value] = IMAGE_FIELDS,
        columns: Iterable[str] = (),
    ) -> dict[str, Any]:
        """As `sidecars.keep`; dropped fields are counted for the report."""
        kept, dropped = sidecars.keep(fields, allowed, columns)
        self.dropped.update(dropped)
        return kept


def clean_bytes(run: Run, item: Item) -> bytes:
    """The file's bytes: as they are where they are clean, cleaned otherwise."""
    path = run.source / item.path
    content = fit_shape(run.source, run.by_folder, item, open_nifti(path))
    if item.path.endswith(".nii.gz") and is_clean(path, content):
        return path.read_bytes()
    data = content.encode()
    run.rewritten[sha256_file(path)] = sha256_bytes(data)
    return data


def copy_image(run: Run, item: Item) -> None:
    """Bring one image into the tree."""
    assert item.name is not None
    placed = run.tree.image(item.name, clean_bytes(run, item), {}, item.dataset)
    run.images[item.path] = placed
    run.kept.add(placed.path)


def source_image(run: Run, item: Item) -> Placed | None:
    """The image a mask was drawn on: what its sidecar names, else the one its own name says."""
    assert item.name is not None
    stated = run.metadata(item.path)
    described = run.read_json(f"{item.dataset}/dataset_description.json").get("DatasetLinks")
    links = {**described, "raw": "file:../.."} if isinstance(described, dict) else {"raw": "file:../.."}
    for uri in _uris(stated):
        path = places.resolve(uri, item.dataset, links)
        if path in run.images:
            return run.images[str(path)]
    return _by_name(item.name, run.images.values())


def _uris(stated: Mapping[str, Any]) -> list[str]:
    reference, listed = stated.get("SpatialReference"), stated.get("Sources")
    first = list(reference.values()) if isinstance(reference, dict) else [reference]
    return [uri for uri in [*first, *(listed if isinstance(listed, list) else [listed])] if isinstance(uri, str)]


def _by_name(mask: BidsName, images: Iterable[Placed]) -> Placed | None:
    """The one raw image with the mask's entities, and with the suffix that its `space` names."""

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
    """True when the voxels are stored as whole numbers."""
    return volumes.read_header(path).dtype.startswith(("int", "uint"))
