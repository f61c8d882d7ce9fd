"""The server's thread that commits to git what pages wrote, so that no page waits for a commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from registry.errors import CohortiumError
from registry.publishing.batches import file_waiting
from registry.publishing.commits import commit_pending
from registry.store import Registry

_PAUSE_S = 1.0
_AFTER_ERROR_S = 30.0
_REST_S = 10.0
_LOGGER = logging.getLogger(__name__)


@contextmanager
def committer(registry: Registry) -> Iterator[None]:
    """Commit accepted changes in the background while the block runs, and the rest when it ends.

    A commit that fails (a full disk, a git lock of somebody else) is logged and tried again; nothing is lost, since
    the change is in the database and its files are in place.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_commit_until, args=(registry, stop), name="committer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        _commit(registry, 0)


def _commit_until(registry: Registry, stop: threading.Event) -> None:
    while not stop.wait(_PAUSE_S if _commit(registry) else _AFTER_ERROR_S):
        pass


def _commit(registry: Registry, rest_s: float = _REST_S) -> bool:
    """Commit what waits; True when nothing failed.

    A rater's verdicts of the quality check wait for `rest_s` without a new one, so that a sweep becomes few commits.
    """
    filed = _try(lambda: file_waiting(registry, rest_s))
    return _try(lambda: commit_pending(registry)) and filed


def _try(work: Callable[[], object]) -> bool:
    try:
        work()
    except CohortiumError as error:
        _LOGGER.warning("Changes wait for their commit: %s %s", error.message, error.hint)
        return False
    return True
