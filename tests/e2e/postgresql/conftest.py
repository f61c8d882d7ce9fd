"""Registries whose database is PostgreSQL, each with a schema of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.store import Registry
from tests.support import postgresql_server
from tests.support.templates import copies

postgresql_url = postgresql_server.postgresql_url


@pytest.fixture(scope="session")
def _template(postgresql_url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        # For this block alone: other tests of this process keep their own database.
        patch.setenv("COHORTIUM_DATABASE", postgresql_url)
        return copies.tiny(tmp_path_factory.mktemp("postgresql-template") / "cohort")


@pytest.fixture
def database(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server as a user would name it."""
    monkeypatch.setenv("COHORTIUM_DATABASE", postgresql_url)
    return postgresql_url


@pytest.fixture
def cohort(database: str, _template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed."""
    with copies.copied(_template, tmp_path / "cohort") as registry:
        postgresql_server.copy_rows(registry.local)
        yield registry
