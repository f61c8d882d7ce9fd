"""Fixtures that every part's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real public data; the test skips where it is absent."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("COHORTIUM_REALDATA", default))
    if not folder.is_dir():
        pytest.skip("the real data are not here: set COHORTIUM_REALDATA to their folder")
    return folder
