"""Generated heads: an ellipsoid with its own texture, lopsided as heads are; small, and quick to measure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from curation.checks import Shot
from curation.checks.measures.numbers import measure
from curation.checks.measures.read import Measured
from registry.files.volumes import Volume, forms_apart_mm, load, read_header, save

SHAPE = (40, 48, 32)
AFFINE = np.array([[4.0, 0, 0, -78], [0, 4.0, 0, -94], [0, 0, 5.0, -77], [0, 0, 0, 1]])
SIDECAR = {"Manufacturer": "Acme", "MagneticFieldStrength": 3, "RepetitionTime": 2.3, "EchoTime": 0.003}


def head(seed: int, gain: float = 1.0) -> np.ndarray[Any, Any]:
    """Integers, air around it."""
    rng = np.random.default_rng(seed)
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in SHAPE], indexing="ij")
    inside = (i / 0.8) ** 2 + (j / 0.85) ** 2 + (k / 0.8) ** 2 < 1
    tissue = 400 + 90 * np.sin(7 * i + seed) * np.cos(5 * j) + 60 * np.cos(9 * k - 2 * i)
    data = np.where(inside, tissue * gain, 0) + np.abs(rng.normal(0, 6, SHAPE))
    return np.rint(data).astype(np.int16)


def shot(folder: Path, index: int, data: Any = None, affine: Any = AFFINE) -> Shot:
    """One head as an image of its own subject, written and measured; asymmetry is left out, which takes longest."""
    place = folder / f"sub-A{index:03d}_T1w.nii.gz"
    place.unlink(missing_ok=True)
    save(place, head(index) if data is None else data, affine)
    return of_file(place, index)


def of_file(place: Path, index: int) -> Shot:
    """A file as an image of one subject."""
    header = read_header(place)
    subject = f"sub-A{index:03d}"
    return Shot(
        path=f"{subject}/anat/{place.name}",
        sha256=f"{place.stat().st_mtime_ns}{index}",
        subject=subject,
        session=subject,
        site="siteA",
        channel="T1w",
        suffix="T1w",
        spacing_mm=header.spacing_mm,
        shape=header.shape[:3],
        sidecar=SIDECAR,
        measured=Measured(None, measure(load(place)), None, forms_apart_mm(place)),
    )


def volume(data: Any, affine: Any = AFFINE) -> Volume:
    """Voxels with their grid."""
    return Volume(np.asarray(data), np.asarray(affine))
