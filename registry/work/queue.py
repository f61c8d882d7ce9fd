"""Start long work, list it, stop it. Each piece is a row and a process, which only the row and files connect."""

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
    """A piece of work of the present actor, which waits and has no row yet.

    Args:
        kind: of which kind.
        title: a line for people.
        inputs: what the row may hold of it: no personal data.
        work_id: where the work has an id of its own; else the kind's first letter, ten hex digits of time (they sort
            by it) and four of chance.
    """
    return Work(
        work_id=work_id or f"{kind.name[0]}{int(time.time() * 100):010x}{secrets.token_hex(2)}",
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
    """Begin a piece of work in a process of its own.

    Args:
        registry: whose.
        kind: of which kind.
        title: a line for people.
        inputs: what the row may hold of it: no personal data.
        hand_over: writes what no row may hold into the work's private folder.

    Raises:
        UsageError: the kind is done alone, and another one is under way.
        StorageError: the disk or the system refused to begin it.
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
    """Work of this machine, newest first, with how it is or how it ended.

    Args:
        registry: whose.
        kind: the `Kind.name` of what is listed; None for all.
        states: in which it is; empty for all.
    """
    recovery.settle(registry)
    return rows.list_work(registry, kind, states)


def get(registry: Registry, work_id: str) -> Work:
    """One of them.

    Raises:
        NotFound: no such work.
    """
    recovery.settle(registry)
    return rows.get(registry, work_id)


def find_shown(registry: Registry, kind: Kind) -> Work | None:
    """The newest work of a kind, unless its end was seen and put away."""
    newest = next(iter(list_work(registry, kind.name)), None)
    return None if newest is None or newest.put_away else newest


def put_away(registry: Registry, kind: Kind) -> None:
    """The ends of all work of a kind were seen: its page shows them no longer, and what looks found is removed."""
    for work_id in rows.put_away(registry, kind.name):
        files.forget_found(registry, work_id)


def stop(registry: Registry, work_id: str) -> None:
    """Ask for the end of a piece of work: it ends at its next step. Work that waits for a worker ends at once.

    Raises:
        NotFound: no such work.
        UsageError: it has ended.
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
