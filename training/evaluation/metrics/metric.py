"""What a metric is: a column of a score table, and a function of two masks on one grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import numpy as np

from registry.measures.surface_distances import Array, SurfaceDistances, diagonal_mm, surface_distances


class Direction(StrEnum):
    """Which values are good."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True)
class Column:
    """How a measure is shown; nothing here changes a number.

    Attributes:
        title: short, for the head of a table.
        direction: which values are good.
        unit: `mm`, or empty.
        digits: digits after the point.
        top: the largest possible value, or None.
        about: one sentence about its meaning.
    """

    title: str
    direction: Direction = Direction.HIGHER
    unit: str = ""
    digits: int = 3
    top: float | None = None
    about: str = ""

    @property
    def heading(self) -> str:
        """The title with its unit."""
        return f"{self.title} {self.unit}".strip()

    def format(self, value: float) -> str:
        """`Dice 0.812`, `HD95 3.52 mm`."""
        return f"{self.title} {value:.{self.digits}f} {self.unit}".strip()

    def format_spread(self, spread: Mapping[str, Any]) -> str:
        """A mean with its interval, `0.812 [0.790, 0.834]`."""
        mean, low, high = (f"{value:.{self.digits}f}" for value in (spread["mean"], *spread["ci95"]))
        return f"{mean} [{low}, {high}]"

    def to_json(self) -> dict[str, Any]:
        """The column as data, for the record of a score table."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Column:
        """A column from `to_json`."""
        return Column(**{**data, "direction": Direction(data["direction"])})


@dataclass(frozen=True)
class MaskPair:
    """Two masks on one grid; what several metrics need is computed once.

    Attributes:
        reference: (I, J, K) bool.
        predicted: (I, J, K) bool, same shape.
        affine_ras: 4 x 4, voxel index to RAS millimetres.
    """

    reference: Array
    predicted: Array
    affine_ras: Array

    @property
    def voxel_mm3(self) -> float:
        """Volume of one voxel."""
        return float(abs(np.linalg.det(np.asarray(self.affine_ras, dtype=float)[:3, :3])))

    @property
    def diagonal_mm(self) -> float:
        """The longest distance between two voxel centres of the image."""
        return diagonal_mm(self.reference.shape, self.affine_ras)

    @cached_property
    def distances(self) -> SurfaceDistances:
        """Distances between both surfaces; neither mask may be empty."""
        return surface_distances(self.reference, self.predicted, self.affine_ras)


@dataclass(frozen=True)
class Metric:
    """One measure of a prediction.

    Attributes:
        name: the column of the score table.
        column: how it is shown.
        compute: the function of its value; called where neither mask is empty.
        penalty: its value where one mask alone is empty: a number, or the image's diagonal in mm.
        version: rises when the meaning of the definition changes.
        parameters: numbers that the value depends on.
    """

    name: str
    column: Column
    compute: Callable[[MaskPair], float]
    penalty: float | Literal["diagonal"] = 0.0
    version: int = 1
    parameters: Mapping[str, float] = field(default_factory=dict)

    def penalise(self, pair: MaskPair) -> float:
        """The value where one mask alone is empty."""
        return pair.diagonal_mm if self.penalty == "diagonal" else float(self.penalty)

    def values(self) -> dict[str, Any]:
        """Everything that its numbers depend on, for a hash; no text for people."""
        return {
            "name": self.name,
            "version": self.version,
            "direction": self.column.direction.value,
            "penalty": self.penalty,
            "parameters": dict(self.parameters),
        }
