"""Recipes that count votes: majority, union, intersection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.consensus.recipes.recipe import BoolMask, ConsensusRecipe
from registry.measures import overlap


def combine_majority(masks: Sequence[BoolMask]) -> BoolMask:
    """The voxels that more than half of the raters marked; a tie is background."""
    return overlap.majority(overlap.count_votes(masks), len(masks))


def combine_union(masks: Sequence[BoolMask]) -> BoolMask:
    """The voxels that at least one rater marked."""
    return np.asarray(overlap.count_votes(masks) > 0)


def combine_intersection(masks: Sequence[BoolMask]) -> BoolMask:
    """The voxels that all raters marked."""
    return np.asarray(overlap.count_votes(masks) == len(masks))


MAJORITY = ConsensusRecipe("majority", 1, combine_majority, {"threshold": "more than half", "tie": "background"})
UNION = ConsensusRecipe("union", 1, combine_union, {"threshold": "at least one"})
INTERSECTION = ConsensusRecipe("intersection", 1, combine_intersection, {"threshold": "all"})
