"""Registries for the app's tests, made once; a test that writes gets a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.templates.once import made_once

if TYPE_CHECKING:
    from registry.store import Registry


@pytest.fixture(scope="session")
def _full_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "full", _make)


def _make(root: Path) -> None:
    from annotation.consensus import build
    from annotation.lesions import instances
    from registry import snapshots
    from registry.cohorts import queries, splits
    from registry.maintenance.creation import create
    from registry.publishing import Change, publish
    from registry.publishing.commits import commit_pending
    from tests.support.cohorts import app_cohort

    registry = create(root, "App")
    publish(registry, Change("import", "Import"), app_cohort.write)
    build.build(registry, "ms")
    instances.build(registry, "ms")
    queries.save(registry, "read", "SELECT path FROM images WHERE channel = 'FLAIR'")
    splits.create(registry, "by-person", "read")
    snapshots.create(registry, "read", "by-person")
    commit_pending(registry)
    registry.engine.dispose()


@pytest.fixture(scope="session")
def full(_full_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The cohort with consensus, lesions, a query, a split and a snapshot; for tests that only read."""
    from tests.support.templates.copies import copied

    with copied(_full_template, tmp_path_factory.mktemp("app") / "cohort") as registry:
        yield registry


@pytest.fixture
def writable(_full_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A copy that a test may change."""
    from tests.support.templates.copies import copied

    with copied(_full_template, tmp_path / "cohort") as registry:
        yield registry


@pytest.fixture(scope="module")
def own(_full_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A copy that the tests of one file change, one after another."""
    from tests.support.templates.copies import copied

    with copied(_full_template, tmp_path_factory.mktemp("own") / "cohort") as registry:
        yield registry


@pytest.fixture(scope="module")
def address(own: Registry) -> Iterator[str]:
    """Where the app of that copy answers."""
    from tests.support.chromium.app import serving

    with serving(own.root) as started:
        yield started


@pytest.fixture
def page() -> Iterator[Any]:
    """A browser's page for one test."""
    from tests.support.chromium.browser import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """A registry without subjects."""
    from registry.maintenance.creation import create

    return create(tmp_path_factory.mktemp("bare") / "cohort", "Bare")


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """A small delivery of one new subject."""
    from tests.support.app import app_deliveries

    return app_deliveries.bids(tmp_path / "delivery")


@pytest.fixture
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """No work outlives its test."""
    from tests.support.app import app_imports

    used = [request.getfixturevalue(name) for name in ("writable", "own") if name in request.fixturenames]
    yield
    for registry in used:
        app_imports.stop_all(registry)
