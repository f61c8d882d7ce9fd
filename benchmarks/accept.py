"""The service call that accepts one mask of a whole head (182 x 218 x 182) into a registry of 1,000 subjects."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import cohorts, measure
from registry.files.canonical import readable_json
from registry.files.volumes import encode
from registry.maintenance import creation, rebuild
from registry.publishing import Change, publish
from registry.store import Registry

SUBJECTS = 1000
RUNS = 12


def run() -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = creation.create(Path(folder) / "registry")
        cohorts.generate(Path(folder) / "tree", SUBJECTS)
        shutil.copytree(Path(folder) / "tree", registry.root, dirs_exist_ok=True)
        rebuild.rebuild(registry)
        results = {}
        for name, shape in {"small": (4, 4, 4), "head": (182, 218, 182)}.items():
            masks = iter([(f"{name}{number}", f"sub-{number:05d}", _mask(shape, number)) for number in range(RUNS)])
            results[name] = measure.call(lambda masks=masks: _accept(registry, *next(masks)), runs=RUNS)  # type: ignore[misc]
        measure.save("accept", {"subjects": SUBJECTS, **results})


def _mask(shape: tuple[int, int, int], seed: int) -> bytes:
    voxels = np.zeros(shape, dtype=np.uint8)
    for start in np.random.default_rng(seed).integers(0, shape[0] - 3, (20, 3)):
        voxels[tuple(slice(n, n + 4) for n in start)] = 1
    return encode(voxels, np.diag([2.0, 2.0, 3.0, 1.0]))


def _accept(registry: Registry, desc: str, subject: str, mask: bytes) -> None:
    stem = f"{subject}/ses-01/anat/{subject}_ses-01_space-FLAIR_label-L_desc-{desc}_mask"
    source = f"bids:raw:{subject}/ses-01/anat/{subject}_ses-01_FLAIR.nii.gz"
    sidecar = readable_json({"Type": "Lesion", "Manual": True, "Sources": [source], "SpatialReference": source})

    def write(tree: Path) -> None:
        path = tree / "derivatives" / "manual-ms" / f"{stem}.nii.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(mask)
        path.with_name(f"{path.name.removesuffix('.nii.gz')}.json").write_bytes(sidecar)

    publish(registry, Change("reading", f"Accept {desc}", actor="e01"), write)
