"""The reading of staged files (checksum, header, label counts) with one core and with all cores, in turns."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import cohorts, measure
from registry.bids.walk import walk
from registry.files.parallel import cores_here
from registry.files.volumes import encode
from registry.index import facts


def run() -> None:
    """Measure and save: many small files, and few large masks."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder) / "many", Path(folder) / "few"
        cohorts.generate(many, 1000)
        _large_masks(few, 60)
        results = {name: _both(root) for name, root in {"many_small": many, "large_masks": few}.items()}
        measure.save("importing", {"cores": cores_here(), **results})


def _both(root: Path) -> dict[str, object]:
    """Wall seconds, and the gain by the busiest process, which also holds for an idle machine."""
    paths = [found.path for found in walk(root)]
    one, many, shares = [], [], []
    for _ in range(2):
        one.append(measure.call(lambda: facts.read_all(root, paths, cores=1)))
        before = _children()
        many.append(measure.call(lambda: facts.read_all(root, paths)))
        shares.append(round(_children() - before, 3))
    alone = min(answer["cpu_seconds"][0] for answer in one)
    busiest = min(max(answer["cpu_seconds"][0], share) for answer, share in zip(many, shares, strict=True))
    return {
        "files": len(paths),
        "one_core": one,
        "all_cores": many,
        "workers_cpu_seconds": shares,
        "gain_by_busiest_process": round(alone / busiest, 2),
    }


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _large_masks(root: Path, count: int) -> None:
    draws = np.random.default_rng(1)
    folder = root / "sub-1" / "anat"
    folder.mkdir(parents=True)
    for number in range(count):
        voxels = (draws.random((181, 217, 181)) < 0.02).astype(np.uint8)
        (folder / f"sub-1_run-{number}_desc-e01_mask.nii.gz").write_bytes(encode(voxels, np.eye(4)))
