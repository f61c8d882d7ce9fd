"""Long work that checks all images."""

from __future__ import annotations

from curation.checks.run import run
from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Work
from registry.work.kinds import Kind


def _perform(registry: Registry, work: Work, progress: Progress) -> None:
    run(registry, progress)


CHECK = Kind("check", "curation.checks.work:CHECK", _perform, alone=True)
