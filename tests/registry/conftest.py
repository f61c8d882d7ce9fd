"""Template registries, made once per test process and copied for each test that changes one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tiny_bids

from registry.committing import commit_pending
from registry.creation import create
from registry.publishing import Change, publish
from registry.store import Registry, registry_at


@pytest.fixture(scope="session")
def _empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = create(tmp_path_factory.mktemp("empty") / "cohort", "Tiny")
    registry.engine.dispose()
    return registry.root


@pytest.fixture(scope="session")
def _full_template(_empty_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    registry = _copy(_empty_template, tmp_path_factory.mktemp("full") / "cohort")
    publish(registry, Change("import", "Import the tiny cohort"), tiny_bids.write_cohort)
    commit_pending(registry)
    registry.engine.dispose()
    return registry.root


@pytest.fixture
def empty(_empty_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own without subjects."""
    yield from _lent(_empty_template, tmp_path / "cohort")


@pytest.fixture
def cohort(_full_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed."""
    yield from _lent(_full_template, tmp_path / "cohort")


@pytest.fixture(scope="session")
def shared(_full_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One registry with the tiny cohort for tests that only read."""
    yield from _lent(_full_template, tmp_path_factory.mktemp("shared") / "cohort")


@pytest.fixture
def copies(_full_template: Path, tmp_path: Path) -> Iterator[Callable[[], Registry]]:
    """Makes as many copies of the tiny cohort as a test wants."""
    made: list[Registry] = []

    def copy() -> Registry:
        made.append(_copy(_full_template, tmp_path / f"copy{len(made)}"))
        return made[-1]

    yield copy
    for registry in made:
        registry.engine.dispose()


def _lent(template: Path, target: Path) -> Iterator[Registry]:
    registry = _copy(template, target)
    yield registry
    registry.engine.dispose()


def _copy(template: Path, target: Path) -> Registry:
    shutil.copytree(template, target, symlinks=True)
    return registry_at(target)
