"""A snapshot of 100,000 files: two images and a reading in each of 33,334 sessions, written as a manifest."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import measure, rows
from registry import snapshots
from registry.catalog import Catalog
from registry.cohorts import queries, splits

SUBJECTS = 16_667


def run() -> None:
    """Measure and save. The catalog is filled before, as by a query that a user has just run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = rows.fill(Path(folder) / "registry", SUBJECTS, ("FLAIR", "T1w"), readings=True)
        results = {}
        for turn in ("first", "second"):
            queries.save(registry, turn, f"SELECT path FROM images -- {turn}")
            splits.create(registry, turn, turn)
            fill = measure.call(lambda: Catalog.of(registry))
            made = measure.call(lambda turn=turn: snapshots.create(registry, turn, turn))  # type: ignore[misc]
            results[turn] = {"catalog": fill, "create": made}
        files = len(snapshots.get(registry, snapshots.list_snapshots(registry)[0].snapshot_id).files())
        measure.save("snapshot", {"files": files, **results, "peak_mib": measure.peak_mib()})
