"""One small demo cohort with a person who is two subjects."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cohorts.demo import demo_of_two
from tests.support.templates.once import made_once


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two persons as three subjects: sub-A001 and sub-B101 are one, seen by two scanners."""
    return made_once(tmp_path_factory, "demo-of-two-persons", demo_of_two)
