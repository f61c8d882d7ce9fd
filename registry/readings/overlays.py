"""Label maps that can be laid over an image: readings, consensus masks and predictions on its grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from registry.files.geometry import affine_from_row, same_grid
from registry.store import Registry
from registry.tables import ConsensusMask, Image, Mask, Prediction


class Kind(StrEnum):
    """Who made a drawing."""

    READING = "reading"
    """A rater."""
    CONSENSUS = "consensus"
    """Computed from several readings, or delivered as such."""
    PREDICTION = "prediction"
    """A training run's model."""


@dataclass(frozen=True)
class Drawing:
    """One label map.

    Attributes:
        kind: who made it: a rater, a consensus recipe or a model.
        source: the rater's code, the consensus method, or the run's id.
        protocol: the protocol of a reading or consensus mask; empty for predictions.
        path: path of its file.
        sha256: checksum of its file.
        labels: value (as text) to name, without the background; empty where no names are known.
        volume_mm3: volume of all voxels that are not background; None for predictions, which state none.
        none_found: the rater looked and found nothing.
        stale: the image or a reading changed after it was made.
        structure: BIDS' `label` of its name, which parts cord from grey matter; empty where the name has none.
    """

    kind: Kind
    source: str
    protocol: str
    path: str
    sha256: str
    labels: Mapping[str, str]
    volume_mm3: float | None
    none_found: bool = False
    stale: bool = False
    structure: str = ""

    @property
    def binary(self) -> bool:
        """Whether it has at most one label, so that its parts can be counted as lesions."""
        return len(self.labels) <= 1


def on_grid(registry: Registry, image: str) -> list[str]:
    """Images of the same session with the same voxel grid, the image itself first."""
    with registry.reading() as database:
        own = database.get_one(Image, image)
        others = database.exec(
            select(Image).where(Image.session_key == own.session_key).order_by(col(Image.path))
        ).all()
    return [image, *(other.path for other in others if other.path != image and _same_grid(own, other))]


def over(registry: Registry, images: Sequence[str]) -> list[Drawing]:
    """Drawings made on any of these images: readings by rater, then the consensus, then predictions, newest first."""
    with registry.reading() as database:
        readings = [_from_reading(row) for row in _list_rows(database, Mask, images)]
        consensus = [_from_consensus(row) for row in _list_rows(database, ConsensusMask, images)]
        predictions = [_from_prediction(row) for row in _list_rows(database, Prediction, images)]
    readings.sort(key=lambda drawing: (drawing.source, drawing.path))
    consensus.sort(key=lambda drawing: (drawing.source != "majority", drawing.path))
    return [*readings, *consensus, *sorted(predictions, key=lambda drawing: drawing.source, reverse=True)]


def _list_rows(database: Session, table: Any, images: Sequence[str]) -> list[Any]:
    rows = database.exec(select(table).where(col(table.image_path).in_(list(images))).order_by(col(table.path)))
    return [row for row in rows if getattr(row, "suffix", "mask") != "probseg"]  # probabilities are not labels


def _from_reading(row: Mask) -> Drawing:
    return Drawing(
        Kind.READING,
        row.rater_id,
        row.protocol,
        row.path,
        row.sha256,
        _foreground(row.labels),
        row.volume_mm3,
        row.kind == "none_found",
        row.stale,
        row.label or "",
    )


def _from_consensus(row: ConsensusMask) -> Drawing:
    return Drawing(
        Kind.CONSENSUS,
        row.method,
        row.protocol,
        row.path,
        row.sha256,
        _foreground(row.labels),
        row.volume_mm3,
        stale=row.stale,
        structure=row.label or "",
    )


def _from_prediction(row: Prediction) -> Drawing:
    return Drawing(Kind.PREDICTION, row.run_id, "", row.path, row.sha256, {}, None)


def _foreground(labels: Mapping[str, str]) -> dict[str, str]:
    return {value: name for value, name in labels.items() if value != "0"}


def _same_grid(one: Image, other: Image) -> bool:
    first, second = ((image.n_i, image.n_j, image.n_k) for image in (one, other))
    return same_grid(first, affine_from_row(one.affine_ras), second, affine_from_row(other.affine_ras))
