"""Report the progress of a piece of work in its row, and stop the work where somebody asks for that."""

from __future__ import annotations

import time
from contextlib import suppress
from types import FrameType

from registry.errors import CohortiumError, StorageError
from registry.files.progress import Progress
from registry.store import Registry
from registry.work import rows

_PAUSE_S = 0.5


class Stopped(CohortiumError):
    """Somebody stopped the work before it was done."""


class Reporter:
    """The progress callback of a piece of work: writes its progress into the row, at most twice a second.

    Each write makes the app read its tables anew, so nothing is written while the whole percentage stays the same.

    Args:
        registry: the registry.
        work_id: id of the work, whose row is written.
        stopped: the message of `Stopped`.
        beside: another callback that is called each time, such as a bar in the terminal.
    """

    def __init__(self, registry: Registry, work_id: str, stopped: str, beside: Progress | None = None) -> None:
        self._registry, self._work_id, self._stopped, self._beside = registry, work_id, stopped, beside
        self._looked, self._written = 0.0, ("", -1)
        self._interrupted = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: the next call raises `Stopped`."""
        self._interrupted = True

    def __call__(self, done: int, total: int, what: str) -> None:
        """Record that `done` of `total` is done.

        Args:
            done: number of steps done.
            total: number of all steps; it may be 0.
            what: the present step in words.

        Raises:
            Stopped: somebody asked for the end.
        """
        if self._beside is not None:
            self._beside(done, total, what)
        recent = time.monotonic() - self._looked < _PAUSE_S
        if recent and what == self._written[0] and not self._interrupted:
            return
        self._looked = time.monotonic()
        with suppress(StorageError):  # work goes on while the database does not answer for a moment
            self._interrupted |= rows.get(self._registry, self._work_id).stop_asked
            if (current := (what, 100 * done // max(total, 1))) != self._written:
                rows.note(self._registry, self._work_id, done=done, total=total, what=what)
                self._written = current
        if self._interrupted:
            raise Stopped(self._stopped)
