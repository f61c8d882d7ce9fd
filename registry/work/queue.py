"""Start long work, list it, stop it. Each piece is a row and a process, connected only by the row and by files."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from registry import store
from registry.errors import StorageError, UsageError
from registry.files import locks
from registry.store import Registry
from registry.tables import Work
from registry.work import files, process, recovery, rows
from registry.work.kinds import Kind
from registry.work.rows import FAILED, RUNNING, STOPPED, WAITING


def describe(kind: Kind, title: str, inputs: Mapping[str, Any], work_id: str = "") -> Work:
    """A piece of work of the present actor; it waits and has no row yet.

    Args:
        kind: its kind.
        title: a line for people.
        inputs: the inputs that the row may hold: no personal data.
        work_id: an id of the caller's; by default the kind's first letter, thirteen hex digits of time (microseconds),
            by which ids sort, and four random ones.
    """
    return Work(
        work_id=work_id or f"{kind.name[0]}{time.time_ns() // 1000:013x}{secrets.token_hex(2)}",
        kind=kind.name,
        program=kind.program,
        title=title,
        inputs=dict(inputs),
        actor=store.actor(),
        state=WAITING,
        asked=rows.now(),
    )


def start(
    registry: Registry,
    kind: Kind,
    title: str,
    inputs: Mapping[str, Any],
    hand_over: Callable[[Path], None] | None = None,
) -> Work:
    """Start a piece of work in a process of its own, and return it.

    Args:
        registry: the registry.
        kind: its kind.
        title: a line for people.
        inputs: the inputs that the row may hold: no personal data.
        hand_over: writes the private inputs into the work's folder.

    Raises:
        UsageError: the kind is `alone`, and another piece of it is under way.
        StorageError: the work could not be started.
    """
    recovery.settle(registry)
    work = describe(kind, title, inputs)
    work.state, work.started = RUNNING, work.asked
    try:
        with locks.lent(registry, files.lock_name(work.work_id)) as descriptor:
            rows.add(registry, work, alone=kind.alone)
            if hand_over is not None:
                files.folder(registry, work.work_id).mkdir(mode=0o700, parents=True)
                hand_over(files.folder(registry, work.work_id))
            process.launch(registry, work, descriptor)
    except UsageError:
        files.close(registry, work.work_id)
        raise
    except OSError as error:
        why = StorageError(
            f"The {kind.name} could not begin: {error.strerror or error}.",
            "Free space or check permissions, then try again.",
        )
        rows.end(registry, work.work_id, FAILED, message=why.message, hint=why.hint)
        raise why from error
    return work


def list_work(registry: Registry, kind: str | None = None, states: Sequence[str] = ()) -> Sequence[Work]:
    """Work of this machine, newest first; the state of work whose process died is recorded first.

    Args:
        registry: the registry.
        kind: the `Kind.name` of the work that is listed; None lists all.
        states: the states of the work that is listed; empty lists all.
    """
    recovery.settle(registry)
    return rows.list_work(registry, kind, states)


def get(registry: Registry, work_id: str) -> Work:
    """The work with this id.

    Raises:
        NotFound: there is no such work.
    """
    recovery.settle(registry)
    return rows.get(registry, work_id)


def find_shown(registry: Registry, kind: Kind) -> Work | None:
    """The newest work of a kind; None where there is none, or where the user has put its end away."""
    newest = next(iter(list_work(registry, kind.name)), None)
    return None if newest is None or newest.put_away else newest


def put_away(registry: Registry, kind: Kind) -> None:
    """Stop showing the ends of all work of a kind, and remove its private results."""
    for work_id in rows.put_away(registry, kind.name):
        files.forget_found(registry, work_id)


def stop(registry: Registry, work_id: str) -> None:
    """Stop a piece of work: it ends at its next step. Work that waits for a worker ends at once.

    Raises:
        NotFound: there is no such work.
        UsageError: the work has ended.
    """
    recovery.settle(registry)
    withdrawn = {"state": STOPPED, "ended": rows.now(), "message": "It was withdrawn before it began."}
    if rows.note(registry, work_id, WAITING, **withdrawn) or rows.note(registry, work_id, stop_asked=True):
        return
    work = rows.get(registry, work_id)
    raise UsageError(
        f"The {work.kind} {work_id} is {work.state}, so it cannot be stopped.",
        "Only work under way can: cohortium work list",
    )
