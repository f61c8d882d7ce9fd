"""Imports that outlive the app: each is a row and a process of its own, which only the row and the files connect.

The process holds a lock for as long as it lives, so that one that was killed is never taken for one at work.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

from curation.dicom.names.plan import Row
from curation.imports.background import handover, recovery
from curation.imports.background import rows as import_rows
from curation.imports.background.rows import FAILED, QUEUED
from curation.imports.look import Asked
from registry import store
from registry.database import dialects
from registry.errors import StorageError, UsageError
from registry.files import locks
from registry.store import Registry
from registry.tables import ImportWork

PROCESS = (sys.executable, "-m", "curation.imports.background.worker")
"""The command that does an import; the registry's root and the import's id follow."""


def start(registry: Registry, wanted: Asked, rows: Sequence[Row] = ()) -> ImportWork:
    """Begin an import in a process of its own.

    Args:
        registry: where to.
        wanted: what was looked at.
        rows: the corrected plan of a DICOM delivery; empty for others.

    Raises:
        UsageError: another one is under way.
        StorageError: the disk or the system refused to begin it.
    """
    recovery.settle(registry)
    work = ImportWork(
        import_id=_new_id(),
        state=QUEUED,
        recipe=wanted.recipe,
        source=str(wanted.source.absolute()),
        actor=store.actor(),
        started=import_rows.now(),
    )
    try:
        _begin(registry, work, wanted, rows)
    except OSError as error:
        why = StorageError(
            f"The import could not begin: {error.strerror or error}.",
            "Free space or check permissions, then try again.",
        )
        import_rows.end(registry, work.import_id, FAILED, message=why.message, hint=why.hint)
        raise why from error
    return work


def _begin(registry: Registry, work: ImportWork, wanted: Asked, rows: Sequence[Row]) -> None:
    """Row, handed over files and process; all under the lock that the process keeps."""
    with locks.lent(registry, handover.lock_name(work.import_id)) as descriptor:
        try:
            import_rows.add(registry, work)
        except UsageError:
            handover.close(registry, work.import_id)
            raise
        handover.write(registry, work.import_id, wanted, rows)
        _launch(registry, work, descriptor)


def listed(registry: Registry) -> Sequence[ImportWork]:
    """Every import that was started on this machine, newest first, with how it is or how it ended."""
    recovery.settle(registry)
    return import_rows.listed(registry)


def get(registry: Registry, import_id: str) -> ImportWork:
    """One of them.

    Raises:
        NotFound: no such import.
    """
    recovery.settle(registry)
    return import_rows.get(registry, import_id)


def shown(registry: Registry) -> ImportWork | None:
    """The newest import, unless its end was seen and put away."""
    newest = next(iter(listed(registry)), None)
    return None if newest is None or newest.put_away else newest


def stop(registry: Registry, import_id: str) -> None:
    """Ask for the end of an import: it is taken back at its next step. Too late for what is written already.

    Raises:
        NotFound: no such import.
        UsageError: it has ended.
    """
    recovery.settle(registry)
    if not import_rows.note(registry, import_id, stop_asked=True):
        state = import_rows.get(registry, import_id).state
        raise UsageError(
            f"The import {import_id} is {state}, so it cannot be stopped.",
            "Only those under way can: cohortium imports list",
        )


def _launch(registry: Registry, work: ImportWork, descriptor: int) -> None:
    """Start the process in a session of its own, so that neither the end of the app nor Ctrl+C there reaches it."""
    environment = {**os.environ, dialects.ENVIRONMENT: registry.url, store.ACTOR_ENVIRONMENT: work.actor}
    with handover.log(registry, work.import_id).open("wb") as log:
        process = subprocess.Popen(
            [*PROCESS, str(registry.root), work.import_id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(descriptor,),
            env=environment,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # while the app lives, it leaves no zombie


def _new_id() -> str:
    """`i`, ten hex digits of time (they sort by it), four of chance."""
    return f"i{int(time.time() * 100):010x}{secrets.token_hex(2)}"
