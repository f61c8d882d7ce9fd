"""ITK affine transforms and resampling along them.

Frames: ITK works in LPS millimetres, NIfTI in RAS; a transform maps points of the *output* space to the *input*
space, as ITK's resampling wants it. Source: ITK Software Guide, section on transforms.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from registry.errors import InvalidInput
from registry.files.volumes import Array, Volume

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_affine(path: Path) -> Array:
    """The 4 x 4 matrix, RAS to RAS millimetres, of an ITK text file with one affine transform.

    Raises:
        InvalidInput: the file is not a text with one affine transform.
    """
    try:
        lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
        parameters = np.array(lines["Parameters"].split(), dtype=float)
        centre = np.array(lines["FixedParameters"].split(), dtype=float)
        matrix, shift = parameters[:9].reshape(3, 3), parameters[9:12]
        lps = np.eye(4)
        lps[:3, :3], lps[:3, 3] = matrix, shift + centre - matrix @ centre
    except (KeyError, ValueError, OSError) as error:
        raise InvalidInput(
            f"{path.name} is not an ITK affine transform ({error}).",
            "Expected a text file with Parameters and FixedParameters.",
        ) from error
    ras: Array = _LPS @ lps @ _LPS
    return ras


def resample(moving: Volume, shape: tuple[int, ...], affine_ras: Array, output_to_input: Array) -> Array:
    """`moving` resampled linearly to another grid; 0 outside; whole numbers stay whole numbers of the same type.

    Args:
        moving: (I, J, K) with its grid.
        shape: (I, J, K) of the output grid.
        affine_ras: 4 x 4 of the output grid.
        output_to_input: 4 x 4, RAS millimetres of the output space to those of `moving`.
    """
    from scipy.ndimage import affine_transform

    voxels = np.linalg.inv(moving.affine_ras) @ output_to_input @ affine_ras
    data = moving.data.astype(np.float32)
    out = affine_transform(data, voxels[:3, :3], voxels[:3, 3], tuple(shape[:3]), order=1, mode="constant")
    kind = moving.data.dtype
    result: Array = np.rint(out).astype(kind) if kind.kind in "iu" else out.astype(np.float32)
    return result
