"""Fixtures that every part's tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support import ROOT
from tests.support.templates.once import made_once

if TYPE_CHECKING:
    from registry.store import Registry

pytest_plugins = [f"tests.support.{name}" for name in ("templates.fixtures", "templates.frozen", "app.fixtures")]

# Child processes find the packages and these helpers in this checkout, wherever the installed ones lie.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

# The same examples on every run and no deadline: a busy machine is no fault of the code. HYPOTHESIS_PROFILE=soak draws
# anew, and more.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real public data; the test skips where it is absent."""
    default = ROOT.parent / "shared" / "data"
    folder = Path(os.environ.get("COHORTIUM_REALDATA", default))
    if not folder.is_dir():
        pytest.skip("the real data are not here: set COHORTIUM_REALDATA to their folder")
    return folder


@pytest.fixture(scope="session")
def tiny_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry with the tiny cohort, for copies."""
    from tests.support.templates import copies  # not above: training is also tested where its own libraries are alone

    return made_once(tmp_path_factory, "tiny", copies.tiny)


@pytest.fixture
def cohort(tiny_template: Path, tmp_path: Path) -> Iterator[Registry]:
    """A registry of its own with the tiny cohort, committed; sub-A004 and sub-A005 are one person, P004."""
    from tests.support.templates import copies

    with copies.copied(tiny_template, tmp_path / "cohort") as registry:
        yield registry
