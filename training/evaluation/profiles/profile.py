"""The protocol of profiles: a profile compares two masks and names the columns of the rows that are measures."""

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
    """Which of the two masks are empty."""

    SCORED = "scored"
    BOTH_EMPTY = "both_empty"
    REFERENCE_EMPTY = "reference_empty"
    PREDICTION_EMPTY = "prediction_empty"


FAILED = frozenset({Status.REFERENCE_EMPTY, Status.PREDICTION_EMPTY})


@dataclass(frozen=True)
class Rows:
    """The rows that comparing two masks gives.

    Attributes:
        image: one row of `scores.csv`: `status`, a value or None for each of the profile's columns, and further counts
            of the profile.
        lesions: rows of `lesions.csv`; empty for a profile without lesions.
    """

    image: Row
    lesions: tuple[Row, ...] = ()


class Profile(Protocol):
    """One way to score; a frozen value."""

    @property
    def name(self) -> str:
        """The name that a configuration gives."""

    @property
    def version(self) -> int:
        """The version; it rises when the meaning of a number changes."""

    @property
    def definitions(self) -> str:
        """What the numbers mean, as a text for people; part of no hash."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """The measures by name, the most important first; means over persons are taken of these."""

    @property
    def empty_policy(self) -> str:
        """What masks without voxels get, in words."""

    def score(self, reference: Array, predicted: Array, affine_ras: Array) -> Rows:
        """Compare two masks on one grid.

        Args:
            reference: (I, J, K) bool.
            predicted: (I, J, K) bool.
            affine_ras: 4 x 4, voxel index to RAS millimetres.
        """

    def pool(self, rows: Sequence[Row]) -> Mapping[str, Any]:
        """Numbers of a group of image rows that are no means, such as the share of lesions found; may be empty."""

    def values(self) -> Mapping[str, Any]:
        """Everything that the numbers depend on, as JSON without prose: profiles with equal values are the same."""


def describe(profile: Profile) -> dict[str, Any]:
    """A profile for the record of a score table; `sha256` is the checksum of its values alone."""
    values = {"name": profile.name, "version": profile.version, **profile.values()}
    return {
        **values,
        "sha256": sha256_bytes(canonical_json(values)),
        "definitions": profile.definitions,
        "columns": [{"name": name, **column.to_json()} for name, column in profile.columns.items()],
    }
