"""Letters at the edges of a picture of a head, which say to which side of the person each edge lies."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

SIDES = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "PASI"}
"""Plane to the sides at the left, the right, the top and the bottom edge, as `looks.Head.slice` lays it out."""

_SCALE, _PAD, _EDGE = 2, 2, 4
_GLYPHS = {
    "R": "####. #...# #...# ####. #.#.. #..#. #...#",
    "L": "#.... #.... #.... #.... #.... #.... #####",
    "A": ".###. #...# #...# ##### #...# #...# #...#",
    "P": "####. #...# #...# ####. #.... #.... #....",
    "S": ".#### #.... #.... .###. ....# ....# ####.",
    "I": ".###. ..#.. ..#.. ..#.. ..#.. ..#.. .###.",
}
"""Five points wide and seven high."""


def stamp(letter: str) -> Picture:
    """A letter of `SIDES`, white on black, with a dark rim that keeps it legible on bright tissue."""
    rows = [[255 * (point == "#") for point in row] for row in _GLYPHS[letter].split()]
    drawn = np.kron(np.array(rows, np.uint8), np.ones((_SCALE, _SCALE), np.uint8))
    return np.pad(drawn, _PAD)


def lettered(picture: Picture, plane: str) -> Picture:
    """A copy of a picture with the letter of each side in the middle of its edge.

    Args:
        picture: (H, W), of at least 64 points each way.
        plane: a key of `SIDES`.
    """
    found = picture.copy()
    for letter, (down, across) in zip(SIDES[plane], ((0.5, 0), (0.5, 1), (0, 0.5), (1, 0.5)), strict=True):
        mark = stamp(letter)
        free = (picture.shape[0] - mark.shape[0] - 2 * _EDGE, picture.shape[1] - mark.shape[1] - 2 * _EDGE)
        top, left = _EDGE + round(down * free[0]), _EDGE + round(across * free[1])
        found[top : top + mark.shape[0], left : left + mark.shape[1]] = mark
    return found
