"""The process of one import, `python -m curation.imports.background.worker ROOT ID`; its answers stand in the row."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from curation.imports import delivery
from curation.imports.background import handover, rows
from curation.imports.background.rows import FAILED, FINISHED, RUNNING, STOPPED
from registry.errors import CohortiumError, StorageError
from registry.publishing.commits import commit_pending
from registry.store import Registry, open_registry
from registry.work.jobs import Stopped

_LOGGER = logging.getLogger(__name__)
_PAUSE_S = 0.5


def main(arguments: Sequence[str]) -> None:
    """Entry point: do the import whose row has this id. SIGTERM takes it back, as somebody's wish to stop does."""
    registry, import_id = open_registry(Path(arguments[0])), arguments[1]
    telling = Telling(registry, import_id)
    signal.signal(signal.SIGTERM, telling.interrupt)
    signal.signal(signal.SIGINT, telling.interrupt)
    if rows.note(registry, import_id, state=RUNNING):
        perform(registry, import_id, telling)
    handover.close(registry, import_id)


def perform(registry: Registry, import_id: str, telling: Telling) -> None:
    """Import, and say in the row how it ended; nothing that was handed over stays."""
    try:
        state, said = _outcome(registry, import_id, telling)
    except CohortiumError as error:
        state, said = FAILED, {"message": error.message, "hint": error.hint}
    except Exception:
        _LOGGER.exception("The import %s ended by a fault of the program", import_id)
        log = handover.log(registry, import_id)
        state, said = (
            FAILED,
            {"message": "The import ended by a fault of the program.", "hint": f"What went wrong stands in {log}."},
        )
    finally:
        handover.remove(registry, import_id)
    if state == FINISHED or not rows.end_as_published(registry, import_id):
        rows.end(registry, import_id, state, **said)


def _outcome(registry: Registry, import_id: str, telling: Telling) -> tuple[str, dict[str, Any]]:
    work, options = rows.get(registry, import_id), handover.options(registry, import_id)
    try:
        imported = delivery.deliver(registry, work.recipe, Path(work.source), telling, options, import_id)
    except Stopped as stopped:
        return STOPPED, {"message": stopped.message}
    _commit(registry, import_id)
    return FINISHED, {"report": imported.kept_as}


def _commit(registry: Registry, import_id: str) -> None:
    """Put the import into git. Where that fails, it waits for the app or the doctor: it is in the registry already."""
    rows.note(registry, import_id, what="committing", done=0, total=0)
    try:
        commit_pending(registry)
    except Exception:
        _LOGGER.exception("The import %s waits for its commit", import_id)


class Telling:
    """The progress callback of an import: writes into the row, at most twice a second, how far it is.

    Each commit makes the app read its tables anew, so nothing is written while a whole percent looks the same.
    """

    def __init__(self, registry: Registry, import_id: str) -> None:
        self._registry, self._import_id = registry, import_id
        self._looked, self._told = 0.0, ("", -1)
        self._interrupted = False

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """A signal asks for the end."""
        self._interrupted = True

    def __call__(self, done: int, total: int, what: str) -> None:
        """Say that `done` of `total` is done.

        Raises:
            Stopped: somebody asked for the end.
        """
        recent = time.monotonic() - self._looked < _PAUSE_S
        if recent and what == self._told[0] and not self._interrupted:
            return
        self._looked = time.monotonic()
        with suppress(StorageError):  # a database that does not answer for a moment is no reason to give up
            self._interrupted |= rows.get(self._registry, self._import_id).stop_asked
            if (now := (what, 100 * done // max(total, 1))) != self._told:
                rows.note(self._registry, self._import_id, done=done, total=total, what=what)
                self._told = now
        if self._interrupted:
            raise Stopped("The import was stopped; nothing was changed.")


if __name__ == "__main__":
    main(sys.argv[1:])
