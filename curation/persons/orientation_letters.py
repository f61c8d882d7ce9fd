"""Letters at the edges of a picture of a head, which name the side of the person that lies there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Picture = npt.NDArray[np.uint8]

SIDES = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "PASI"}
"""Plane to the sides at the left, right, top and bottom edge of a slice of `side_by_side.Head.slice`."""

_EDGE, _HEIGHT = 4, 20
"""Points between a letter and its edge, and the height of the font."""


def add_letters(picture: Picture, plane: str) -> Picture:
    """A copy of a picture with the letter of each side in the middle of its edge.

    The letters are white with a dark rim that keeps them legible on bright tissue.

    Args:
        picture: (H, W), at least 64 points each way.
        plane: a key of `SIDES`.
    """
    found = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(found), ImageFont.load_default(_HEIGHT)
    width, height = found.size
    places = (
        (_EDGE, height / 2, "lm"),
        (width - 1 - _EDGE, height / 2, "rm"),
        (width / 2, _EDGE, "mt"),
        (width / 2, height - 1 - _EDGE, "mb"),
    )
    for letter, (x, y, anchor) in zip(SIDES[plane], places, strict=True):
        pen.text((x, y), letter, fill=255, font=font, anchor=anchor, stroke_width=2, stroke_fill=0)
    return np.asarray(found)
