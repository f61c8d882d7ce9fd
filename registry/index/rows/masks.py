"""Rows of masks: experts' readings, consensus masks with their inputs, predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.bids.places import Role
from registry.index.facts import LABEL_SUFFIXES
from registry.index.rows.context import Context
from registry.index.rows.values import mapping, text, whole
from registry.tables import ConsensusInput, ConsensusMask, Image, Mask, Prediction, Table

RATED_SUFFIXES = LABEL_SUFFIXES | {"probseg"}


def mask_rows(context: Context, role: Role, images: Mapping[str, Image]) -> list[Table]:
    """The rows of one mask; none where it names no image of the registry.

    Args:
        context: the mask's file.
        role: of its dataset; only readings, consensus and predictions have rows.
        images: the subject's images by path.
    """
    image_path = context.image_path()
    if image_path is None or image_path not in images:
        return []
    if role is Role.PREDICTION:
        return [
            Prediction.row(
                path=context.file.path,
                run_id=context.protocol,
                image_path=image_path,
                subject_id=context.name.subject,
                sha256=context.file.sha256,
            )
        ]
    common = _mask_columns(context, images[image_path])
    if role is Role.READINGS:
        return [_reading(context, common, images[image_path])]
    if role is Role.CONSENSUS:
        return [_consensus(context, common), *_inputs(context)]
    return []


def _mask_columns(context: Context, image: Image) -> dict[str, Any]:
    facts, name = context.file.facts, context.name
    voxel_mm3 = abs(_determinant(facts["affine"]))
    n_voxels = sum(facts.get("counts", {}).values())
    return {
        "path": context.file.path,
        "image_path": image.path,
        "subject_id": name.subject,
        "protocol": context.protocol,
        "desc": name.entities.get("desc", ""),
        "label": name.entities.get("label"),
        "suffix": name.suffix,
        "sha256": context.file.sha256,
        "size": context.file.size,
        "labels": _labels(context),
        "n_voxels": n_voxels,
        "volume_mm3": n_voxels * voxel_mm3,
    }


def _labels(context: Context) -> dict[str, str]:
    """Label value to name: from the table beside the mask or at the dataset's root, else from the mask's own name."""
    own = context.file.path[: -len(context.name.extension)]
    if (table := context.by_path.get(f"{own}.tsv")) is not None:
        names = {str(row["index"]): str(row["name"]) for row in table.facts.get("rows", [])}
    else:
        names = _inherited_labels(context)
    if not names:
        names = {"1": _name_structure(context)}
    return {"0": "background", **names}


_BIDS_LABELS = {"L": "lesion"}
"""Words for labels that say too little. Others, such as `GM` and `cord`, are names already."""


def _name_structure(context: Context) -> str:
    """What a binary mask shows, by its label; by the sidecar's `Type` only without one.

    `Type` has few values in BIDS, of which `ROI` names nothing, and a consensus was once always called `Lesion`.
    """
    if label := context.name.entities.get("label"):
        return _BIDS_LABELS.get(label, label)
    return str(context.sidecar.get("Type") or "foreground").lower()


def _inherited_labels(context: Context) -> dict[str, str]:
    parts = set(context.name.stem.split("_"))
    for stem, names in sorted(context.roots.labels.get(context.dataset, {}).items()):
        if set(stem.split("_")) <= parts:
            return names
    return {}


def _reading(context: Context, common: dict[str, Any], image: Image) -> Mask:
    sidecar = context.sidecar
    described = context.roots.raters.get((context.dataset, common["desc"]), {})
    source_sha256 = text(sidecar.get("SourceSHA256"))
    return Mask.row(
        **{**common, "stale": bool(source_sha256 and source_sha256 != image.sha256)},
        rater_id=text(sidecar.get("RaterID")) or described.get("rater_id") or common["desc"],
        kind="mask" if common["n_voxels"] else "none_found",
        revision=whole(sidecar.get("Revision")) or 1,
        source_sha256=source_sha256,
    )


def _consensus(context: Context, common: dict[str, Any]) -> ConsensusMask:
    inputs = _input_checksums(context)
    stale = any(context.by_path[path].sha256 != sha for path, sha in inputs.items() if path in context.by_path and sha)
    stale = stale or any(path not in context.by_path for path in inputs)
    return ConsensusMask.row(
        **{**common, "stale": stale},
        method=str(context.sidecar.get("Algorithm") or "delivered"),
        parameters=mapping(context.sidecar.get("Parameters")),
    )


def _input_checksums(context: Context) -> dict[str, str | None]:
    """Readings named in `Sources`, with the checksums of `SourcesSHA256` in the same order."""
    checksums = context.sidecar.get("SourcesSHA256") or []
    paths = context.sources()
    checksums = [text(item) for item in checksums] if isinstance(checksums, list) else []
    padded = [*checksums, *[None] * (len(paths) - len(checksums))]
    return {path: sha for path, sha in zip(paths, padded, strict=False) if path.startswith("derivatives/manual-")}


def _inputs(context: Context) -> list[Table]:
    return [
        ConsensusInput.row(
            consensus_path=context.file.path, mask_path=path, subject_id=context.name.subject, sha256=checksum
        )
        for path, checksum in _input_checksums(context).items()
    ]


def _determinant(affine: list[float]) -> float:
    a, b, c, _, d, e, f, _, g, h, i, _, *_ = affine
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
