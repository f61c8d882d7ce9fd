"""The tiny cohort of the registry's tests, and one small demo cohort with a person who is two subjects."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "registry"))  # the tiny cohort is theirs

import tiny_bids

from registry.committing import commit_pending
from registry.creation import create
from registry.publishing import Change, publish
from registry.store import Registry, registry_at


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = create(tmp_path_factory.mktemp("identity") / "cohort", "Tiny")
    publish(registry, Change("import", "Import the tiny cohort"), tiny_bids.write_cohort)
    commit_pending(registry)
    registry.engine.dispose()
    return registry.root


@pytest.fixture
def cohort(_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed; sub-A004 and sub-A005 are one person, P004."""
    shutil.copytree(_template, tmp_path / "cohort", symlinks=True)
    registry = registry_at(tmp_path / "cohort")
    yield registry
    registry.engine.dispose()


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two persons as three subjects: sub-A001 and sub-B101 are one, seen by two scanners."""
    from curation.demo import generate

    root = tmp_path_factory.mktemp("heads") / "cohort"
    generate(root, persons=2)
    return root
