"""One registry, made once; every test gets its own copy of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.templates.once import made_once

if TYPE_CHECKING:
    from registry.store import Registry

QUERY = "SELECT * FROM images WHERE suffix = 'FLAIR'"
BOTH = "SELECT path FROM images WHERE suffix IN ('FLAIR', 'T1w')"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed registry with the cohort, two queries and a split."""
    return made_once(tmp_path_factory, "frozen", _make)


def _make(root: Path) -> None:
    from registry import publishing
    from registry.cohorts import queries, splits
    from registry.maintenance import creation
    from registry.publishing.commits import commit_pending
    from tests.support.cohorts import frozen_cohort

    registry = creation.create(root)
    publishing.publish(registry, publishing.Change("import", "Import"), frozen_cohort.write)
    queries.save(registry, "flair", QUERY)
    queries.save(registry, "both", BOTH)
    splits.create(registry, "main", "both")
    commit_pending(registry)
    registry.engine.dispose()


@pytest.fixture
def registry(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A copy that the test may change."""
    monkeypatch.setenv("COHORTIUM_ACTOR", "e01")
    from tests.support.templates.copies import copied

    with copied(template, tmp_path / "registry") as copy:
        yield copy
    subprocess.run(["chmod", "-R", "u+w", str(copy.root)], check=False)
