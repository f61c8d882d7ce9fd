"""Registries for the app's tests, made once per test process; a test that writes gets a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import app_cohort
import pytest

from annotation import consensus, lesions
from registry import queries, snapshots, splits
from registry.committing import commit_pending
from registry.creation import create
from registry.publishing import Change, publish
from registry.store import Registry, registry_at


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """The cohort with consensus, lesions, a query, a split and a snapshot; for tests that only read."""
    registry = create(tmp_path_factory.mktemp("app") / "cohort", "App")
    publish(registry, Change("import", "Import"), app_cohort.write)
    consensus.build(registry, "ms")
    lesions.build(registry, "ms")
    queries.save(registry, "read", "SELECT path FROM images WHERE channel = 'FLAIR'")
    splits.create(registry, "by-person", "read")
    snapshots.create(registry, "read", "by-person")
    commit_pending(registry)
    return registry


@pytest.fixture
def writable(full: Registry, tmp_path: Path) -> Iterator[Registry]:
    """A copy that a test may change."""
    full.engine.dispose()
    shutil.copytree(full.root, tmp_path / "cohort", symlinks=True)
    registry = registry_at(tmp_path / "cohort")
    yield registry
    registry.engine.dispose()


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry without subjects."""
    return create(tmp_path_factory.mktemp("bare") / "cohort", "Bare")
