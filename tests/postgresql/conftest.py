"""Registries whose database is PostgreSQL, each with a schema of its own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import postgresql_server
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "registry"))  # the tiny cohort is theirs

import tiny_bids

from registry.committing import commit_pending
from registry.creation import create
from registry.publishing import Change, publish
from registry.store import Registry, registry_at

postgresql_url = postgresql_server.postgresql_url


@pytest.fixture(scope="session")
def _template(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COHORTIUM_DATABASE", postgresql_url)
        registry = create(tmp_path_factory.mktemp("postgresql-template") / "cohort", "Tiny")
        publish(registry, Change("import", "Import the tiny cohort"), tiny_bids.write_cohort)
        commit_pending(registry)
        registry.engine.dispose()
    return registry.root  # the variable is gone again: other tests of this process keep their own database


@pytest.fixture
def database(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server as a user would name it."""
    monkeypatch.setenv("COHORTIUM_DATABASE", postgresql_url)
    return postgresql_url


@pytest.fixture
def cohort(database: str, _template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed."""
    shutil.copytree(_template, tmp_path / "cohort", symlinks=True)
    postgresql_server.copy_rows(tmp_path / "cohort" / ".cohortium")
    registry = registry_at(tmp_path / "cohort")
    yield registry
    registry.engine.dispose()
