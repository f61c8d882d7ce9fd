"""A second structure in the tiny cohort: in four subjects rater e01 also drew grey matter, in a file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from registry.cohorts import queries
from registry.files.volumes import encode
from registry.publishing import Change, publish
from registry.store import Registry
from tests.support.cohorts import tiny_bids

SQL = "SELECT path FROM images WHERE suffix = 'FLAIR'"
SUBJECTS = tiny_bids.SUBJECTS[:4]


def add(registry: Registry) -> None:
    """Bring the masks in, and save the query `flair`."""

    def write(tree: Path) -> None:
        for number, subject in enumerate(SUBJECTS):
            voxels = np.zeros(tiny_bids.SHAPE, np.uint8)
            voxels[4:7, 4 : 8 + number, 4:8] = 1
            sidecar = (registry.root / tiny_bids.reading_path(subject, "e01", ".json")).read_bytes()
            for extension, data in ((".nii.gz", encode(voxels, tiny_bids.AFFINE)), (".json", sidecar)):
                tiny_bids.put(tree, path(subject, extension), data)

    publish(registry, Change("import", "A second structure"), write)
    queries.save(registry, "flair", SQL)


def path(subject: str, extension: str = ".nii.gz") -> str:
    """Where the second mask lies."""
    return tiny_bids.reading_path(subject, "e01", extension).replace("label-L", "label-GM")
