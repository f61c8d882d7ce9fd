"""A tiny cohort for the viewer's tests: one image, two raters, a consensus; LPS order, anisotropic, tilted.

Run as a script it serves the sample: `python sample.py FOLDER PORT`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from curation.quality.routes import quality_routes
from registry.app.server import serve
from registry.files.canonical import sha256_file
from registry.files.volumes import encode
from registry.store import registry_at
from registry.viewer.volume_routes import volume_routes

SHAPE = (72, 90, 40)
NAMES = ("image", "rater-a", "rater-b", "consensus")
MOVED = "moved"
CENTRES = {"image": (0, 0, 0), MOVED: (10, -20, 30)}
"""RAS millimetres in the middle of the two images of the QC sweep."""


def affine_ras() -> np.ndarray:
    """LPS voxel order (i runs to the left), 2 x 2 x 4 mm, tilted by 8 degrees about the left-right axis."""
    angle = np.deg2rad(8)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([-2.0, -2.0, 4.0])
    centre = linear @ ((np.array(SHAPE) - 1) / 2)
    return np.vstack([np.column_stack([linear, -centre]), [0, 0, 0, 1]])


def make(folder: Path) -> dict[str, Path]:
    """Write the sample; the lesion of rater A lies on the person's right only. Gives name -> file."""
    i, j, k = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SHAPE, (2, 2, 4), strict=True)], indexing="ij"
    )
    head = (i / 62) ** 2 + (j / 78) ** 2 + (k / 68) ** 2
    noise = np.random.default_rng(7).normal(0, 14, SHAPE)
    image = np.where(head < 1, 420 - 150 * head + 90 * (np.sin(i / 7) * np.cos(j / 9)), 0) + np.abs(noise)
    image[(head < 1) & (head > 0.86)] = 120
    blob = lambda x, y, z, r: (i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 < r**2  # noqa: E731
    masks = {"rater-a": blob(-26, -8, 0, 15), "rater-b": blob(-22, -4, 2, 14) | blob(24, 22, 0, 8)}
    masks["consensus"] = masks["rater-a"] & masks["rater-b"]
    image[masks["rater-a"] | masks["rater-b"]] += 260
    volumes = {"image": image.astype(np.int16), **{name: mask.astype(np.uint8) for name, mask in masks.items()}}
    for name, data in volumes.items():
        (folder / f"{name}.nii.gz").write_bytes(encode(data, affine_ras()))
    moved = affine_ras()
    moved[:3, 3] += CENTRES[MOVED]
    (folder / f"{MOVED}.nii.gz").write_bytes(encode(_with_fat(volumes["image"], head), moved))
    return {name: folder / f"{name}.nii.gz" for name in NAMES}


def _with_fat(image: np.ndarray, head: np.ndarray) -> np.ndarray:
    """As a raw or resampled image may be: fat ten times as bright as the brain, and a few voxels below zero."""
    changed = np.where((head < 1) & (head > 0.86), 4000, image)
    changed[:6, :6, 20] = -900
    return changed.astype(np.int16)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    files = {sha256_file(path): path for path in (folder / f"{name}.nii.gz" for name in (*NAMES, MOVED))}
    routes = [*volume_routes(files.get), *quality_routes(registry_at(folder))]
    serve(Path(__file__).with_name("sample_app.py"), routes, port=int(sys.argv[2]))
