"""Index and freeze 1,000 subjects (two sessions, two images and sidecars each); a bare walk is the lower limit."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from benchmarks import cohorts, measure
from registry import snapshots
from registry.cohorts import queries, splits
from registry.index import sync
from registry.maintenance import creation, rebuild
from registry.snapshots.targets import TargetPolicy

SUBJECTS = 1000


def run(subjects: int = SUBJECTS) -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory() as folder:
        registry = creation.create(Path(folder) / "registry")
        tree = Path(folder) / "tree"
        files = cohorts.generate(tree, subjects)
        shutil.copytree(tree, registry.root, dirs_exist_ok=True)
        walk = measure.call(lambda: sum(len(names) for _, _, names in os.walk(registry.root)), runs=3)
        index = measure.call(lambda: rebuild.rebuild(registry))
        scan = measure.call(lambda: sync.scan(registry), runs=3)
        saved = queries.save(registry, "all", "SELECT path FROM images")
        split = splits.create(registry, "parts", "all")
        build = measure.call(lambda: snapshots.build(registry, saved, split, TargetPolicy()), runs=3)
        measure.save(
            "index",
            {
                "subjects": subjects,
                "files": files,
                "walk": walk,
                "index_with_headers_and_checksums": index,
                "unchanged_rescan": scan,
                "snapshot": build,
                "ratio_rescan_to_index": round(min(scan["seconds"]) / index["seconds"][0], 4),
            },
        )
