"""Ten sound heads of one site and channel, and one small demo cohort."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.checks import Cohort, Shot, inputs
from curation.checks.measures.read import read
from registry.maintenance.creation import create
from registry.publishing import Change, publish
from registry.store import registry_at
from tests.support.cohorts import heads
from tests.support.templates.once import made_once


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> list[Shot]:
    """Ten measured heads of ten subjects, with complete sidecars."""
    folder = tmp_path_factory.mktemp("heads")
    return [heads.shot(folder, index) for index in range(10)]


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a demo cohort of one person who is two subjects, two visits each."""
    return made_once(tmp_path_factory, "demo-of-one-person", _make)


def _make(root: Path) -> None:
    from curation.demo import generate

    registry = create(root, "Demo")
    publish(registry, Change("import", "Demo"), lambda tree: generate(tree, persons=1))
    registry.engine.dispose()


@pytest.fixture(scope="session")
def demo(demo_root: Path) -> Cohort:
    """Its eight images, measured."""
    registry = registry_at(demo_root)
    shots = inputs.shots(registry)
    made = inputs.gather(registry, shots, {shot.path: read(demo_root / shot.path) for shot in shots})
    registry.engine.dispose()
    return made
