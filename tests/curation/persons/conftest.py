"""One small demo cohort with a person who is two subjects."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two persons as three subjects: sub-A001 and sub-B101 are one, seen by two scanners."""
    from curation.demo import generate

    root = tmp_path_factory.mktemp("heads") / "cohort"
    generate(root, persons=2)
    return root
