"""How far a piece of work is, as its process says it in the row; the same callback brings the wish to stop."""

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
    """Somebody asked for the end before the work was done."""


class Reporter:
    """The progress callback of a piece of work: writes into the row, at most twice a second, how far it is.

    Each commit makes the app read its tables anew, so nothing is written while a whole percent looks the same.

    Args:
        registry: whose database has the row.
        work_id: the row.
        stopped: what to say when somebody asks for the end.
        beside: another callback to call each time, such as a bar in the terminal.
    """

    def __init__(self, registry: Registry, work_id: str, stopped: str, beside: Progress | None = None) -> None:
        self._registry, self._work_id, self._stopped, self._beside = registry, work_id, stopped, beside
        self._looked, self._written = 0.0, ("", -1)
        self._interrupted = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """A signal asks for the end."""
        self._interrupted = True

    def __call__(self, done: int, total: int, what: str) -> None:
        """Say that `done` of `total` is done.

        Raises:
            Stopped: somebody asked for the end.
        """
        if self._beside is not None:
            self._beside(done, total, what)
        recent = time.monotonic() - self._looked < _PAUSE_S
        if recent and what == self._written[0] and not self._interrupted:
            return
        self._looked = time.monotonic()
        with suppress(StorageError):  # a database that does not answer for a moment is no reason to give up
            self._interrupted |= rows.get(self._registry, self._work_id).stop_asked
            if (now := (what, 100 * done // max(total, 1))) != self._written:
                rows.note(self._registry, self._work_id, done=done, total=total, what=what)
                self._written = now
        if self._interrupted:
            raise Stopped(self._stopped)
