"""A consensus recipe as somebody outside would write it: this one file is all there is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annotation.consensus.recipes.recipe import BoolMask, ConsensusRecipe


def combine(masks: Sequence[BoolMask]) -> BoolMask:
    """Marked by two raters or more, however many there are."""
    return np.asarray(np.sum(masks, axis=0) >= 2)


AT_LEAST_TWO = ConsensusRecipe("two", 1, combine, {"least": 2})
