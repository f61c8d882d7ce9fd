"""The parts of a split and of a snapshot hold everybody once."""

from __future__ import annotations

from registry import snapshots
from registry.catalog import Catalog
from registry.cohorts import composition, splits, versioned
from registry.store import Registry
from registry.tables import Split


def test_parts_hold_every_person_once(full: Registry) -> None:
    split = versioned.list_all(full, Split)[0]
    rows = composition.of_split(Catalog.of(full), split)
    assert sum(row["persons"] for row in rows) == len(splits.assignments(full, split)) == 6
    manifest = snapshots.get(full, snapshots.list_snapshots(full)[0].snapshot_id)
    assert sum(row["samples"] for row in composition.of_snapshot(manifest)) == len(manifest.samples)
