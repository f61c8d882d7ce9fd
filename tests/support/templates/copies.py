"""Registries for tests: one is made once, and copied for each test that changes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.maintenance.creation import create
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.store import Registry, registry_at
from tests.support.cohorts import tiny_bids


def tiny(root: Path) -> Path:
    """Make a registry with the tiny cohort, committed, in a new folder; gives the folder."""
    registry = create(root, "Tiny")
    publish(registry, Change("import", "Import the tiny cohort"), tiny_bids.write_cohort)
    commit_pending(registry)
    registry.engine.dispose()
    return root


@contextmanager
def copied(root: Path, to: Path) -> Iterator[Registry]:
    """A copy of a registry in a new folder; nothing writes to the first meanwhile."""
    registry = registry_at(shutil.copytree(root, to, symlinks=True))
    yield registry
    registry.engine.dispose()
