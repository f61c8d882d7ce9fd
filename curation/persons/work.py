"""Long work that searches for subjects that may be one person; its result is kept until a pair is decided."""

from __future__ import annotations

from curation.persons import links
from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Work
from registry.work import files
from registry.work.kinds import Kind


def _perform(registry: Registry, work: Work, progress: Progress) -> None:
    files.keep(registry, work.work_id, links.propose(registry, progress))


SEARCH = Kind("search", "curation.persons.work:SEARCH", _perform, alone=True)
