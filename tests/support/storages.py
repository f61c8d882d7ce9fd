"""The 48 ways in which one image can be stored: six orders of its axes, and each axis in either direction.

nibabel makes and undoes them, so that no code under test has a part in what a test expects.
"""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import nibabel
import numpy as np

from registry.files.volumes import Volume

STORAGES = tuple(
    np.array([*zip(order, signs, strict=True)])
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
)
"""Each in nibabel's notation: the axis that an axis becomes, and its direction."""


def store(volume: Volume, storage: Any) -> Volume:
    """The same voxels, stored in another way."""
    turned = nibabel.Nifti1Image(volume.data, volume.affine_ras).as_reoriented(storage)
    return Volume(np.asarray(turned.dataobj), turned.affine)


def undo(volume: Volume, storage: Any) -> np.ndarray[Any, Any]:
    """The array as it was before `store`."""
    order, signs = storage[:, 0].astype(int), storage[:, 1]
    back = np.flip(volume.data, [int(axis) for axis, sign in zip(order, signs, strict=True) if sign < 0])
    return back.transpose(order)
