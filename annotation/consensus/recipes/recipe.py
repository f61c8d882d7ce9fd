"""The class of consensus recipes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ConsensusRecipe:
    """A frozen way to combine readings into one mask.

    Attributes:
        name: the `desc` of its masks, and `Algorithm` in their sidecars; letters and digits.
        version: rises when its meaning changes; masks of another version are computed again.
        combine: takes masks (I, J, K) of at least two raters on one grid, sorted by rater, and returns one (I, J, K).
        parameters: everything but the readings that the result depends on, for the sidecar.
    """

    name: str
    version: int
    combine: Callable[[Sequence[BoolMask]], BoolMask]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stated(self) -> dict[str, Any]:
        """The parameters as sidecars list them; the version is listed from the second one on."""
        return {**self.parameters, **({"version": self.version} if self.version > 1 else {})}

    def made(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a mask whose sidecar lists these parameters was made by this version."""
        return bool(parameters.get("version", 1) == self.version)
