"""Consensus masks, computed from the current readings of an image; the readings' checksums are recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlmodel import col, select

from annotation.consensus.recipes import table
from annotation.consensus.recipes.recipe import ConsensusRecipe
from annotation.derivatives import GENERATED_BY, BuildReport, LeftOut, describe, write_each
from registry.bids import places
from registry.bids.names import mask_name, parse
from registry.errors import GeometryError, UsageError
from registry.files.canonical import readable_json, sha256_bytes
from registry.files.geometry import same_grid
from registry.files.mask_storage import encode_on
from registry.files.progress import Progress
from registry.files.volumes import load_labels
from registry.publishing import Change, publish
from registry.store import Registry
from registry.tables import ConsensusInput, ConsensusMask, Mask
from registry.vocabulary.display import format_count


def build(
    registry: Registry,
    protocol: str,
    recipe_name: str = "majority",
    progress: Progress | None = None,
    *,
    label: str | None = None,
) -> BuildReport:
    """Write the consensus of every image that at least two raters read and whose consensus is missing or old.

    Args:
        registry: the registry of the readings.
        protocol: the protocol of the readings.
        recipe_name: the consensus recipe.
        progress: called with `(done, total, what)`.
        label: only masks of this structure (the BIDS label of their names); each one otherwise.

    Returns:
        The number of masks that were written, and the images left out because a reading of theirs cannot be used.

    Raises:
        UsageError: an unknown recipe, or a protocol without readings of the structure.
        InvalidInput: no image's readings can be used.
    """
    recipe = table.get(recipe_name)
    groups = readings(registry, protocol)
    if not groups:
        raise UsageError(
            f"No image has two readings under the protocol '{protocol}'.",
            f"Protocols with readings: {', '.join(protocols(registry)) or 'none'}.",
        )
    if label is not None:
        shown = sorted({group[0].label or "without a label" for group in groups})
        groups = [group for group in groups if (group[0].label or "").casefold() == label.casefold()]
        if not groups:
            raise UsageError(
                f"No image has two readings of '{label}' under the protocol '{protocol}'.",
                f"Structures with two readings: {', '.join(shown)}.",
            )
    wanted = [group for group in groups if not _is_fresh(registry, group, recipe)]
    left_out: list[LeftOut] = []

    def write(tree: Path) -> Mapping[str, Any]:
        folder = tree / "derivatives" / f"consensus-{protocol}"
        describe(
            folder,
            f"Consensus masks, protocol {protocol}",
            "Consensus masks computed from the readings in",
            f"manual-{protocol}",
            {group[0].image_path for group in wanted},
        )
        held = _list_held(registry, protocol, recipe)
        each = [
            (group[0].image_path, (_place(folder.relative_to(tree), group, recipe, held), group)) for group in wanted
        ]
        combine = partial(_write_one, registry.root, tree, recipe)
        left_out.extend(write_each(each, combine, progress, f"consensus: {recipe.name}"))
        return {"protocol": protocol, "recipe": recipe.name, "masks": len(wanted) - len(left_out)}

    if wanted:
        message = f"Compute {recipe.name} of {format_count(len({group[0].image_path for group in wanted}), 'image')}"
        publish(registry, Change("consensus", message, replaces=_list_replaced(registry, protocol, recipe)), write)
    return BuildReport(len(wanted) - len(left_out), tuple(left_out))


def readings(registry: Registry, protocol: str) -> list[list[Mask]]:
    """Groups of current readings (not stale) of one image and one label, where at least two raters read it.

    Groups are sorted by image and label, readings in a group by rater. `label-L` and `label-GM` of one image are two
    groups. A rater has one vote: of two masks by one rater, only the first by path counts.
    """
    chosen = select(Mask).where(Mask.protocol == protocol, col(Mask.stale).is_(False), Mask.suffix == "mask")
    groups: dict[tuple[str, str], dict[str, Mask]] = defaultdict(dict)
    with registry.reading() as database:
        for mask in database.exec(chosen.order_by(col(Mask.rater_id), col(Mask.path))):
            groups[mask.image_path, mask.label or ""].setdefault(mask.rater_id, mask)
    return [list(groups[key].values()) for key in sorted(groups) if len(groups[key]) > 1]


def protocols(registry: Registry) -> Sequence[str]:
    """The protocols that have readings, sorted."""
    with registry.reading() as database:
        return sorted(database.exec(select(Mask.protocol).distinct()))


def _is_fresh(registry: Registry, group: Sequence[Mask], recipe: ConsensusRecipe) -> bool:
    """Whether the consensus was made from exactly the current readings by this version of the recipe (law 5)."""
    with registry.reading() as database:
        mask = database.exec(
            select(ConsensusMask).where(
                ConsensusMask.image_path == group[0].image_path,
                ConsensusMask.protocol == group[0].protocol,
                ConsensusMask.method == recipe.name,
                ConsensusMask.label == group[0].label,
            )
        ).first()
        if mask is None or not recipe.made(mask.parameters):
            return False
        inputs = database.exec(select(ConsensusInput).where(ConsensusInput.consensus_path == mask.path)).all()
    return {(row.mask_path, row.sha256) for row in inputs} == {(row.path, row.sha256) for row in group}


Held = Mapping[tuple[str, str | None], str]
"""Image and label to the path of their consensus by one recipe."""


def _list_held(registry: Registry, protocol: str, recipe: ConsensusRecipe) -> Held:
    chosen = select(ConsensusMask).where(ConsensusMask.protocol == protocol, ConsensusMask.method == recipe.name)
    with registry.reading() as database:
        return {(mask.image_path, mask.label): mask.path for mask in database.exec(chosen)}


def _list_replaced(registry: Registry, protocol: str, recipe: ConsensusRecipe) -> frozenset[str]:
    """The masks of this recipe with their sidecars; they are computed, so the new ones may replace them."""
    masks = _list_held(registry, protocol, recipe).values()
    return frozenset(path for mask in masks for path in (mask, mask.replace(".nii.gz", ".json")))


def _place(folder: Path, group: Sequence[Mask], recipe: ConsensusRecipe, held: Held) -> Path:
    """The path of a consensus: the one it has, or a new one."""
    image = group[0].image_path
    if known := held.get((image, group[0].label)):
        return Path(known)
    source = parse(places.split_dataset(image)[1])
    if source is None:  # every row of an image has a BIDS name
        raise AssertionError(image)
    return folder / mask_name(source, desc=recipe.name, label=group[0].label).path


def _write_one(root: Path, tree: Path, recipe: ConsensusRecipe, placed: tuple[Path, Sequence[Mask]]) -> None:
    """Write the consensus of one group to a path at which nothing is yet, with its sidecar."""
    path, group = tree / placed[0], placed[1]
    image = group[0].image_path
    if path.exists():
        raise UsageError(
            f"The consensus of {image} would have the name of another image's: {path.name}.",
            "Two derivatives hold an image of one name: draw on one of them.",
        )
    volumes = [load_labels(root / mask.path) for mask in group]
    first = volumes[0]
    for mask, volume in zip(group, volumes, strict=True):
        if not same_grid(volume.data.shape, volume.affine_ras, first.data.shape, first.affine_ras):
            raise GeometryError(f"{mask.path} lies on another grid than {group[0].path}.", "See: cohortium validate")
    combined = recipe.combine([volume.data != 0 for volume in volumes])
    data = encode_on(combined.astype(np.uint8), root / group[0].path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    sidecar = _sidecar(places.uri(image), group, recipe, sha256_bytes(data))
    path.with_name(path.name.replace(".nii.gz", ".json")).write_bytes(readable_json(sidecar))


_TYPES = {"lesion": "Lesion", "brain": "Brain", "face": "Face"}
"""Name of a label to the `Type` that BIDS has for it; any other structure is a region of interest."""


def _sidecar(reference: str, group: Sequence[Mask], recipe: ConsensusRecipe, sha256: str) -> dict[str, Any]:
    return {
        "Description": f"Consensus of {len(group)} readings: {recipe.name}",
        "Type": _TYPES.get(group[0].labels.get("1", ""), "ROI"),
        "Manual": False,
        "Algorithm": recipe.name,
        "Parameters": recipe.stated,
        "Sources": [f"bids:manual:{places.split_dataset(mask.path)[1]}" for mask in group],
        "SourcesSHA256": [mask.sha256 for mask in group],
        "SpatialReference": reference,
        "GeneratedBy": GENERATED_BY,
        "SHA256": sha256,
    }
