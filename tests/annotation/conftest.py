"""A registry whose readings are known voxel by voxel."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.committing import commit_pending
from registry.creation import create
from registry.publishing import Change, publish
from registry.store import Registry, registry_at

sys.path.append(str(Path(__file__).parents[1] / "registry"))  # for tiny_bids, the cohort both folders use


@pytest.fixture(scope="session")
def _read_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import tiny_bids

    registry = create(tmp_path_factory.mktemp("read") / "cohort", "Tiny")
    publish(registry, Change("import", "Import the tiny cohort"), tiny_bids.write_cohort)
    commit_pending(registry)
    registry.engine.dispose()
    return registry.root


@pytest.fixture
def cohort(_read_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed."""
    shutil.copytree(_read_template, tmp_path / "cohort", symlinks=True)
    registry = registry_at(tmp_path / "cohort")
    yield registry
    registry.engine.dispose()
