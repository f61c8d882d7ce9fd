"""Label maps made of masks: the classes of a target from the structures that its masks show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from registry.errors import GeometryError, InvalidInput
from registry.files.geometry import GRID_TOLERANCE_MM
from registry.files.volumes import Array, Volume, lay_on

Classes = Sequence[Sequence[str]]


def paint(masks: Sequence[Volume], shows: Sequence[Mapping[str, str]], classes: Classes) -> Volume:
    """One label map from several masks; where two classes overlap the later one counts.

    Args:
        masks: (I, J, K) label values on the voxels of one image; their axes may be stored in different orders.
        shows: for each mask its value (as text) to the structure.
        classes: the structures of class 1, 2, ...

    Returns:
        Class values, uint8 where they fit, on the grid of the first mask.

    Raises:
        GeometryError: two masks lie on different voxels.
        InvalidInput: a mask holds a value that has no name.
    """
    first = masks[0]
    out = np.zeros(first.data.shape, np.uint8 if len(classes) < 256 else np.uint16)
    laid = [_lay(mask, first) for mask in masks]
    for number, names in enumerate(classes, start=1):
        for mask, meaning in zip(laid, shows, strict=True):
            values = [int(value) for value, name in meaning.items() if name in names]
            out[np.isin(mask.data, values)] = number
    for mask, meaning in zip(laid, shows, strict=True):
        require_named(mask.data, {0, *map(int, meaning)})
    return Volume(out, first.affine_ras)


def require_named(data: Array, named: Collection[int], what: str = "A mask") -> None:
    """Check that a label map holds values with names only.

    Args:
        data: whole numbers of any shape.
        named: the values that have a name; 0 has one only where it is among them.
        what: the mask in the message.

    Raises:
        InvalidInput: it holds another value.
    """
    if strange := sorted(set(np.unique(data).tolist()) - set(named)):
        raise InvalidInput(
            f"{what} holds the value {strange[0]}, which has no name.", "Name it in its table of labels."
        )


def is_painted(shows: Sequence[Mapping[str, str]], classes: Classes) -> bool:
    """Whether one mask already is what `paint` would make of it: no class needs another value."""
    return len(shows) == 1 and shows[0] == {str(number): name for number, (name, *_) in enumerate(classes, start=1)}


def _lay(mask: Volume, first: Volume) -> Volume:
    laid = lay_on(mask, first.data.shape, first.affine_ras, 2 * GRID_TOLERANCE_MM)
    if laid is None:
        raise GeometryError(
            "The masks of one target lie on different voxels.", "Draw them on one image, or choose one."
        )
    return laid
