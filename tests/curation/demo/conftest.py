"""One small demo cohort, generated once and shared by the tests of this folder; tests read it and never write there."""

from __future__ import annotations

from pathlib import Path

import pytest

DEMO_SEED = 2026
DEMO_PERSONS = 2


@pytest.fixture(scope="session")
def demo_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw root of a cohort of two persons: P001 with MS (scanned as two subjects) and P002, healthy."""
    from curation.demo import generate

    root = tmp_path_factory.mktemp("demo") / "cohort"
    generate(root, seed=DEMO_SEED, persons=DEMO_PERSONS)
    return root
