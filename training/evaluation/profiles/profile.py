"""What a profile is: it compares two masks and says which columns of the rows are measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from registry.files.canonical import canonical_json, sha256_bytes
from registry.measures.surface_distances import Array
from training.evaluation.metrics.metric import Column

Row = Mapping[str, Any]


class Status(StrEnum):
    """Which of the two masks hold anything."""

    SCORED = "scored"
    BOTH_EMPTY = "both_empty"
    REFERENCE_EMPTY = "reference_empty"
    PREDICTION_EMPTY = "prediction_empty"


FAILED = frozenset({Status.REFERENCE_EMPTY, Status.PREDICTION_EMPTY})


@dataclass(frozen=True)
class Rows:
    """What comparing two masks gives.

    Attributes:
        image: one row of `scores.csv`: `status`, a value or None for each of the profile's columns, and what else the
            profile counts.
        lesions: rows of `lesions.csv`; empty for a profile without lesions.
    """

    image: Row
    lesions: tuple[Row, ...] = ()


class Profile(Protocol):
    """One way to score; a frozen value."""

    @property
    def name(self) -> str:
        """What a configuration says."""

    @property
    def version(self) -> int:
        """A change of meaning raises it."""

    @property
    def definitions(self) -> str:
        """What the numbers mean, for people; part of no hash."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The measures by name, the most important first; means over persons are taken of these."""

    @property
    def empty_policy(self) -> str:
        """What masks without voxels get, in words."""

    def score(self, reference: Array, predicted: Array, affine_ras: Array) -> Rows:
        """Compare two (I, J, K) bool masks on one grid, whose affine is 4 x 4 to RAS millimetres."""

    def pool(self, rows: Sequence[Row]) -> Mapping[str, Any]:
        """Numbers of a group of image rows that are no means, such as lesions found of all; may be empty."""

    def values(self) -> Mapping[str, Any]:
        """All that decides the numbers, as JSON without prose: two profiles with equal values are one."""


def describe(profile: Profile) -> dict[str, Any]:
    """A profile as the record of a score table keeps it; `sha256` is of its values alone."""
    values = {"name": profile.name, "version": profile.version, **profile.values()}
    return {
        **values,
        "sha256": sha256_bytes(canonical_json(values)),
        "definitions": profile.definitions,
        "columns": [{"name": name, **column.to_json()} for name, column in profile.columns.items()],
    }
