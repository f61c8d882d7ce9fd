"""What a consensus recipe is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ConsensusRecipe:
    """A frozen way to combine readings.

    Attributes:
        name: the `desc` of what it writes, and `Algorithm` in its sidecar; letters and digits.
        version: of its meaning; masks of an older version are computed again.
        combine: masks (I, J, K) of at least two raters on one grid, sorted by rater, to one mask (I, J, K).
        parameters: everything that decides the result beside the readings, for the sidecar.
    """

    name: str
    version: int
    combine: Callable[[Sequence[Mask]], Mask]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stated(self) -> dict[str, Any]:
        """The parameters as sidecars state them; the first version of a recipe goes without saying."""
        return {**self.parameters, **({"version": self.version} if self.version > 1 else {})}

    def made(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a mask whose sidecar states these parameters is of this version."""
        return bool(parameters.get("version", 1) == self.version)
