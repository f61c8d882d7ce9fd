"""Long looks that pages start: they go on when the page is closed, one at a time for each page and registry.

A thread of the app's process does the work, and ending the app ends it too. What it writes goes through
`registry.publishing`, so that everything or nothing of it stays. Imports outlive the app: see
`curation.imports.background.queue`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.errors import CohortiumError, UsageError
from registry.files.progress import Progress
from registry.store import Registry

_LOGGER = logging.getLogger(__name__)


class Stopped(CohortiumError):
    """Somebody asked for the end before the work was done; it was taken back."""


@dataclass
class Job:
    """One piece of work.

    Attributes:
        kind: what it is, for the page that started it: `look`, `import`, ...
        title: a line for people.
        facts: what the page wants to remember of it.
        done: of `total` steps; `what` says which.
        result: what the work returned; None before it ended.
        error: why it ended without a result.
    """

    kind: str
    title: str
    facts: dict[str, Any] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    what: str = ""
    result: Any = None
    error: CohortiumError | None = None
    ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def running(self) -> bool:
        """Whether it is still under way."""
        return not self.ended.is_set()

    def stop(self) -> None:
        """Ask for the end: at the next step the work is taken back. Too late for what is written already."""
        self._stop.set()

    def tell(self, done: int, total: int, what: str) -> None:
        """The work's progress callback.

        Raises:
            Stopped: somebody asked for the end.
        """
        if self._stop.is_set():
            raise Stopped("Stopped; nothing was changed.")
        self.done, self.total, self.what = done, total, what


_JOBS: dict[tuple[Path, str], Job] = {}
_CHOICE = threading.Lock()


def current(registry: Registry, desk: str) -> Job | None:
    """The last piece of work that was started at a desk (a page's name), ended or not."""
    return _JOBS.get((registry.root, desk))


def start(registry: Registry, desk: str, job: Job, work: Callable[[Progress], Any]) -> Job:
    """Begin a piece of work in a thread of its own.

    Raises:
        UsageError: another one of this desk is under way.
    """
    with _CHOICE:
        before = current(registry, desk)
        if before is not None and before.running:
            raise UsageError(f"{before.title} is still under way.", "Wait until it has ended, or stop it.")
        _JOBS[registry.root, desk] = job
    threading.Thread(target=_run, args=(job, work), name=f"{desk}: {job.kind}", daemon=True).start()
    return job


def forget(registry: Registry, desk: str) -> None:
    """Put the last piece of work away, unless it is under way."""
    with _CHOICE:
        if (job := current(registry, desk)) is not None and not job.running:
            del _JOBS[registry.root, desk]


def _run(job: Job, work: Callable[[Progress], Any]) -> None:
    try:
        job.result = work(job.tell)
    except CohortiumError as error:
        job.error = error
    except Exception:
        _LOGGER.exception("%s ended by a fault of the program", job.title)
        job.error = CohortiumError(
            f"{job.title} ended by a fault of the program; nothing was changed.",
            "The terminal that serves the app says more.",
        )
    finally:
        job.ended.set()
