"""Affines as scanners make them, for property tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from hypothesis import strategies as st

numbers = st.floats(-100, 100, allow_nan=False)


@st.composite
def affines(draw: st.DrawFn) -> Any:
    """A rotation, spacings from 0.2 to 5 mm, a flip, and an origin."""
    rotation = SimpleITK.VersorTransform([draw(numbers), draw(numbers), draw(numbers) + 200.5], draw(st.floats(-3, 3)))
    matrix = np.array(rotation.GetMatrix()).reshape(3, 3) @ np.diag([draw(st.floats(0.2, 5)) for _ in range(3)])
    matrix[:, 0] *= draw(st.sampled_from([1, -1]))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = matrix, [draw(numbers) for _ in range(3)]
    return affine
