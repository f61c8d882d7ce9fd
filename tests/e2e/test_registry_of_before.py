"""A registry that an earlier version of the house made opens, verifies and rebuilds to the rows that it had.

`data/registry-before.tar.xz` was made by the version before the rooms (schema 0005): an import, a second revision of a
reading, consensus, lesions, a query, a split, two snapshots, an exclusion, a verdict, checks, and a finished run.
"""

from __future__ import annotations

import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry import snapshots
from registry.database.migrations import HEAD
from registry.maintenance import doctor, drift, rebuild, validation
from registry.store import Registry, open_registry
from tests.support.templates import registry_state

PACKED = Path(__file__).parent / "data" / "registry-before.tar.xz"
OF_DISK = ("intent_id", "mtime_ns")


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Registry]:
    """The registry as it was left, unpacked."""
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path, filter="tar")
    registry = open_registry(tmp_path / "registry")
    yield registry
    registry.engine.dispose()
    for place in (tmp_path / "registry/.git/annex").rglob("*"):
        if place.is_dir():
            place.chmod(0o700)


def rows_of_before(registry: Registry) -> dict[str, int]:
    """How many rows each table has, asked without our own code."""
    with sqlite3.connect(registry.local / "registry.sqlite") as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def test_the_schema_is_brought_up_to_date_and_no_row_is_lost(before: Registry) -> None:
    counted = rows_of_before(before)
    assert (counted["subject"], counted["image"], counted["event"], counted["snapshot"]) == (6, 12, 13, 2)
    now = {name: len(rows) for name, rows in registry_state.rows(before).items()}
    with before.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
    assert {name: now[name] for name in counted if name in now} == {
        name: count for name, count in counted.items() if name in now
    }


def test_nothing_is_to_be_mended_and_everything_verifies(before: Registry) -> None:
    assert doctor.doctor(before) == []
    assert drift.differences(before) == []
    assert validation.validate(before, bids=False).errors == []
    frozen = snapshots.list_snapshots(before)
    assert len(frozen) == 2
    assert all(snapshots.verify(snapshots.get(before, item.snapshot_id), before).ok for item in frozen)
    assert registry_state.uncommitted(before) == ""


def test_a_rebuild_gives_the_rows_that_were_there(before: Registry) -> None:
    without, drop = ("intent", "setting"), OF_DISK
    live = registry_state.rows(before, without, drop)
    rebuild.rebuild(before)
    rebuilt = registry_state.rows(before, without, drop)
    assert {name for name in live if live[name] != rebuilt[name]} == set()
    assert registry_state.uncommitted(before) == ""
