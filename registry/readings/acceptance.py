"""Accept readings: a rater's mask enters the registry, or a newer revision replaces the older one.

A revision keeps its path; its sidecar holds its number and the checksum of the revision before. Nothing is lost: git
and the annex keep every earlier revision, and a snapshot that froze one still finds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import col, select

from registry.bids import places
from registry.bids.description import dataset_description
from registry.bids.names import mask_name, parse, to_label
from registry.bids.table_keys import DESCRIPTIONS
from registry.errors import IntegrityError, InvalidInput, UsageError
from registry.files import mask_storage
from registry.files.canonical import readable_json, sha256_bytes, tsv_bytes
from registry.files.geometry import affine_from_row, one_volume, require_same_grid
from registry.files.nifti_header import Forms
from registry.files.volumes import Header, Volume, encode
from registry.index.by_path import get_image
from registry.publishing import Change, publish
from registry.store import Registry, actor
from registry.tables import File, Image, Mask, Rater
from registry.vocabulary.codes import require_code, require_protocol


@dataclass(frozen=True)
class _Destination:
    """Where a reading goes, which mask is there now, and what its label values mean."""

    path: str
    protocol: str
    present: Mask | None
    labels: Mapping[str, str]

    @property
    def sidecar(self) -> str:
        return f"{self.path.removesuffix('.gz').removesuffix('.nii')}.json"


def accept(registry: Registry, image: str, rater: str, volume: Volume, protocol: str | None = None) -> Mask:
    """Publish a rater's mask of an image, as the first revision or as the next one.

    Args:
        registry: the registry.
        image: path of the image that was read.
        rater: pseudonymous code; the change is recorded under it.
        volume: (I, J, K) whole numbers on the image's grid, as `volumes.load_labels` gives them.
        protocol: required where the registry has readings of several protocols, or of none.

    Returns:
        The reading as the registry holds it now; where the file would be the same, nothing is written.

    Raises:
        NotFound: there is no such image.
        UsageError: the protocol is not clear, or the protocol or the rater's code cannot be part of a path.
        GeometryError: the mask is not on the image's grid.
        InvalidInput: a label value has no name, or programs place the image differently and its content is elsewhere.
        IntegrityError: a newer revision was accepted meanwhile.
    """
    require_code(rater, "rater's code")
    with registry.reading() as database:
        source = get_image(database, image)
    place = _find_destination(registry, source, to_label(rater), protocol)
    data = _encode_on_grid(registry, volume, source, place)
    present = place.present
    if present is not None and present.sha256 == sha256_bytes(data) and not present.stale:
        return present
    number = present.revision + 1 if present else 1
    change = Change(
        "reading.accept",
        f"Accept revision {number} of {place.path.rpartition('/')[2]}",
        {"rater": rater, "by": actor(), "image": image, "revision": number},
        actor=rater,
        replaces=frozenset({place.path, place.sidecar}) if present else frozenset(),
    )
    publish(
        registry,
        change,
        _make_write(registry, place, source, rater, data),
        check=_make_check_unchanged(registry, place),
    )
    with registry.reading() as database:
        return database.get_one(Mask, place.path)


def list_readings(registry: Registry, image: str | None = None) -> Sequence[Mask]:
    """Accepted readings of one image, or of all where none is given, sorted by path."""
    chosen = select(Mask).where(Mask.image_path == image) if image else select(Mask)
    with registry.reading() as database:
        return database.exec(chosen.order_by(col(Mask.path))).all()


def _find_destination(registry: Registry, image: Image, rater: str, protocol: str | None) -> _Destination:
    protocol = require_protocol(protocol) if protocol else _only_protocol(registry)
    same = select(Mask).where(Mask.image_path == image.path, Mask.rater_id == rater, Mask.protocol == protocol)
    with registry.reading() as database:
        found = database.exec(same.order_by(col(Mask.path))).all()
    # a second reading by the same rater (desc-e01r2) is another reading, not this one's revision
    present = next((mask for mask in found if mask.desc == rater), found[0] if len(found) == 1 else None)
    if present is not None:
        return _Destination(present.path, protocol, present, present.labels)
    _, inner = places.split_dataset(image.path)
    name = parse(inner)
    if name is None:  # an image row always has a BIDS name
        raise AssertionError(image.path)
    path = f"derivatives/manual-{protocol}/{mask_name(name, desc=rater).path}"
    return _Destination(path, protocol, None, {"0": "background", "1": "lesion"})


def _only_protocol(registry: Registry) -> str:
    with registry.reading() as database:
        known = sorted(database.exec(select(Mask.protocol).distinct()))
    if len(known) != 1:
        raise UsageError(
            f"The registry has readings of {len(known)} protocols: {', '.join(known) or 'none'}.",
            "Choose one with --protocol.",
        )
    return known[0]


def _encode_on_grid(registry: Registry, volume: Volume, image: Image, place: _Destination) -> bytes:
    """The mask as the bytes of a NIfTI file with exactly the image's affine, and its forms where they are contested."""
    affine = affine_from_row(image.affine_ras)
    spacing = (image.spacing_i_mm, image.spacing_j_mm, image.spacing_k_mm)
    grid = Header((image.n_i, image.n_j, image.n_k), affine, spacing, image.dtype, image.orientation, True)
    data = volume.data.reshape(one_volume(volume.data.shape))
    require_same_grid("The mask", data.shape, volume.affine_ras, grid)
    if data.ndim != 3 or data.dtype.kind not in "biu":
        raise InvalidInput("The mask is not one three-dimensional map of whole numbers.", "Export it as a label map.")
    if unknown := {str(value) for value in np.unique(data)} - {"0", *place.labels}:
        named = ", ".join(f"{key} {name}" for key, name in place.labels.items())
        raise InvalidInput(f"The mask holds the label {min(unknown)}, which has no name here.", f"Named: {named}.")
    labels = data.astype(np.uint8 if int(data.max(initial=0)) < 256 else np.uint16)
    return encode(labels, affine, _find_contested_forms(registry, image))


def _find_contested_forms(registry: Registry, image: Image) -> Forms | None:
    """The image's forms where programs place it differently.

    Raises:
        InvalidInput: they do, and the image's content is not on this machine.
    """
    with registry.reading() as database:
        facts = database.get_one(File, image.path).facts
    if (registry.root / image.path).is_file() or facts.get("forms_missing") or not facts["forms_agree"]:
        return mask_storage.contested_forms(registry.root / image.path)
    return None


def _make_write(
    registry: Registry, place: _Destination, image: Image, rater: str, data: bytes
) -> Callable[[Path], None]:
    def write(tree: Path) -> None:
        mask = tree / place.path
        mask.parent.mkdir(parents=True)
        mask.write_bytes(data)
        (tree / place.sidecar).write_bytes(readable_json(_sidecar(registry.root, place, image, rater, data)))
        if place.present is None:
            _write_description(registry, tree, place, image, rater)

    return write


def _sidecar(root: Path, place: _Destination, image: Image, rater: str, data: bytes) -> dict[str, Any]:
    held = root / place.sidecar
    kept = json.loads(held.read_text()) if place.present and held.is_file() else {}
    reference = places.uri(image.path)
    fresh = {
        "Description": f"Reading by {rater}",
        "Type": "Lesion",
        "Manual": True,
        "Sources": [reference],
        "SpatialReference": reference,
        "Protocol": place.protocol,
    }
    current = {"RaterID": rater, "SourceSHA256": image.sha256, "SHA256": sha256_bytes(data), "Revision": 1}
    if place.present is not None:
        current |= {"Revision": place.present.revision + 1, "BasedOn": place.present.sha256}
    return {**fresh, **kept, **current}


def _write_description(registry: Registry, tree: Path, place: _Destination, image: Image, rater: str) -> None:
    """Write the derivative's description and the rater's row; publishing joins them with those that exist."""
    folder = tree / f"derivatives/manual-{place.protocol}"
    described = dataset_description(f"Manual readings, protocol {place.protocol}", places.links([image.path]))
    (folder / "dataset_description.json").write_bytes(readable_json(described))
    with registry.reading() as database:
        known = database.get(Rater, (rater, place.protocol))
    if known is None:
        row = {
            "desc_id": f"desc-{to_label(rater)}",
            "description": f"readings by {rater}",
            "rater_id": rater,
            "role": "expert",
            "protocol": place.protocol,
        }
        (folder / "descriptions.tsv").write_bytes(tsv_bytes([row], DESCRIPTIONS))


def _make_check_unchanged(registry: Registry, place: _Destination) -> Callable[[Sequence[File]], None]:
    def check(_: Sequence[File]) -> None:
        with registry.reading() as database:
            file = database.get(File, place.path)
        if (file.sha256 if file else None) != (place.present.sha256 if place.present else None):
            raise IntegrityError(
                f"A newer revision of {place.path} was accepted meanwhile.",
                "Look at it, then accept yours again; nothing was changed.",
            )

    return check
