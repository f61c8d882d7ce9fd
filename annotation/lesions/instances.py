"""Lesion instances of consensus masks: one row a component, with its box."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import col, select

from annotation.derivatives import GENERATED_BY, BuildReport, LeftOut, describe, write_each
from registry.bids import places
from registry.bids.names import parse
from registry.errors import UsageError
from registry.files.canonical import readable_json, tsv_bytes
from registry.files.progress import Progress
from registry.files.volumes import Volume, load_labels
from registry.measures.components import components
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import ConsensusMask, File

BOX_CONVENTION = "0-based voxel indices, min inclusive, max exclusive, array order i,j,k of SpatialReference"
COLUMNS = (
    "index",
    "name",
    "lesion_id",
    "visibility",
    "i_min",
    "j_min",
    "k_min",
    "i_max",
    "j_max",
    "k_max",
    "x_mm",
    "y_mm",
    "z_mm",
    "volume_mm3",
)
_MEANING = {
    "index": {"Description": "Number of the lesion in this image, largest first."},
    "name": {"Description": "What it is."},
    "lesion_id": {"Description": "The lesion's code in this image."},
    "visibility": {"Description": "visible, partial, not_visible, out_of_fov, artifact or not_assessed."},
    **{
        f"{axis}_{end}": {"Description": f"Box, {axis} {end}. {BOX_CONVENTION}."}
        for axis in "ijk"
        for end in ("min", "max")
    },
    **{f"{axis}_mm": {"Description": f"Centre of mass, RAS {axis}.", "Units": "mm"} for axis in "xyz"},
    "volume_mm3": {"Description": "Volume.", "Units": "mm3"},
}


def build(registry: Registry, protocol: str, progress: Progress | None = None) -> BuildReport:
    """Write a table of lesion instances for every binary consensus mask whose table is missing or old.

    Args:
        registry: the registry of the masks.
        protocol: the protocol of the masks.
        progress: called with `(done, total, what)`.

    Returns:
        The number of tables that were written, and the images left out because their mask cannot be read.

    Raises:
        UsageError: the protocol has no consensus masks.
        InvalidInput: no mask can be read.
    """
    masks = _list_masks(registry, protocol)
    if not masks:
        raise UsageError(f"The protocol '{protocol}' has no consensus masks.", "Run: cohortium consensus build")
    measured = _find_measured(registry, protocol)
    wanted = [mask for mask in masks if measured.get(_table_path(mask)) != mask.sha256]
    left_out: list[LeftOut] = []

    def write(tree: Path) -> Mapping[str, Any]:
        describe(
            tree / "derivatives" / f"lesionboxes-{protocol}",
            f"Lesion instances, protocol {protocol}",
            "One row a lesion of the masks in",
            f"consensus-{protocol}",
            {mask.image_path for mask in wanted},
        )
        each = [(mask.image_path, mask) for mask in wanted]
        left_out.extend(write_each(each, partial(_write_one, registry.root, tree), progress, "measuring lesions"))
        return {"protocol": protocol, "tables": len(wanted) - len(left_out)}

    if wanted:
        old = frozenset(path for table in measured for path in (table, _sidecar_path(table)))
        publish(registry, Change("lesions", f"Measure the lesions of {len(wanted)} images", replaces=old), write)
    return BuildReport(len(wanted) - len(left_out), tuple(left_out))


def instances(volume: Volume) -> list[dict[str, Any]]:
    """The components (26-connected) of a binary mask, largest first, ties in scan order.

    Args:
        volume: (I, J, K) labels; every value but 0 is lesion. A mask without lesion gives an empty list.

    Returns:
        Rows with the columns of the lesion table; the upper ends of boxes are exclusive, centres in RAS millimetres.
    """
    from scipy import ndimage

    labelled, sizes = components(volume.data != 0)
    boxes = ndimage.find_objects(labelled)
    order = sorted(range(len(sizes)), key=lambda index: (-sizes[index], index))
    return [
        _row(rank, boxes[index], labelled[boxes[index]] == index + 1, volume)
        for rank, index in enumerate(order, start=1)
    ]


def _row(rank: int, box: tuple[slice, ...], inside: Any, volume: Volume) -> dict[str, Any]:
    centre = np.append(np.argwhere(inside).mean(axis=0) + [s.start for s in box], 1.0)
    position = volume.affine_ras @ centre
    corners = {f"{axis}_min": s.start for axis, s in zip("ijk", box, strict=True)}
    corners |= {f"{axis}_max": s.stop for axis, s in zip("ijk", box, strict=True)}
    return {
        "index": rank,
        "name": "Lesion",
        "lesion_id": f"L{rank:04d}",
        "visibility": "visible",
        **corners,
        **{f"{axis}_mm": round(float(value), 3) for axis, value in zip("xyz", position[:3], strict=True)},
        "volume_mm3": round(int(inside.sum()) * volume.voxel_mm3, 3),
    }


def _list_masks(registry: Registry, protocol: str) -> list[ConsensusMask]:
    chosen = select(ConsensusMask).where(ConsensusMask.protocol == protocol, ConsensusMask.suffix == "mask")
    with registry.reading() as database:
        return list(database.exec(chosen.order_by(col(ConsensusMask.path))))


def _find_measured(registry: Registry, protocol: str) -> dict[str, str | None]:
    """The existing tables, to the checksum of the mask on which each was measured."""
    inside = col(File.path).startswith(f"derivatives/lesionboxes-{protocol}/", autoescape=True)
    with registry.reading() as database:
        files = {file.path: file for file in database.exec(select(File).where(inside))}
    tables = [path for path in files if path.endswith("_dseg.tsv") and _sidecar_path(path) in files]
    sources = {path: files[_sidecar_path(path)].facts["json"].get("SourcesSHA256") for path in tables}
    return {path: checksums[0] if checksums else None for path, checksums in sources.items()}


def _sidecar_path(table: str) -> str:
    return table.removesuffix(".tsv") + ".json"


def _table_path(mask: ConsensusMask) -> str:
    _, inner = places.split_dataset(mask.path)
    name = parse(inner)
    if name is None:
        raise AssertionError(mask.path)
    entities = {key: value for key, value in name.entities.items() if key != "label"}
    table = type(name)({**entities, "seg": "lesions"}, "dseg", ".tsv", name.datatype)
    return f"derivatives/lesionboxes-{mask.protocol}/{table.path}"


def _write_one(root: Path, tree: Path, mask: ConsensusMask) -> None:
    rows = instances(load_labels(root / mask.path))
    path = tree / _table_path(mask)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tsv_bytes(rows, COLUMNS))
    _, inner = places.split_dataset(mask.path)
    sidecar = {
        "Description": f"Lesions of the {mask.method} consensus: 26-connected components",
        "BoxConvention": BOX_CONVENTION,
        "Manual": False,
        "Sources": [f"bids:consensus:{inner}"],
        "SourcesSHA256": [mask.sha256],
        "SpatialReference": places.uri(mask.image_path),
        "GeneratedBy": GENERATED_BY,
        **_MEANING,
    }
    path.with_suffix(".json").write_bytes(readable_json(sidecar))
