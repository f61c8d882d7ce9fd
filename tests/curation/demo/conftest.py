"""One small demo cohort, generated once and shared by the tests of this folder; tests read it and never write there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cohorts.demo import demo_of_two
from tests.support.templates.once import made_once


@pytest.fixture(scope="session")
def demo_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw root of a cohort of two persons: P001 with MS (scanned as two subjects) and P002, healthy."""
    return made_once(tmp_path_factory, "demo-of-two-persons", demo_of_two)
