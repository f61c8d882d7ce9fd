"""The event log: append-only events, each of which holds the hash of the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from registry.errors import IntegrityError
from registry.files import atomic
from registry.files.canonical import canonical_json, sha256_bytes, utc
from registry.tables import Event

GENESIS = "0" * 64
LOGS = "logs/events"
_EXPORTED = {"writer", "number", "at", "actor", "kind", "payload", "previous", "hash"}
_RESTORE = "Restore logs/events with git, then run: cohortium rebuild"


def append(database: Session, writer: str, actor: str, kind: str, payload: Mapping[str, Any]) -> Event:
    """Add the next event of a writer in the caller's transaction, and return it.

    Args:
        database: holds the write transaction, so numbers have no gaps and no doubles.
        writer: id of this copy of the registry.
        actor: pseudonymous code of the person who acts.
        kind: such as `import` or `split.create`.
        payload: facts; plain JSON values.
    """
    last = database.exec(select(Event).where(Event.writer == writer).order_by(col(Event.number).desc())).first()
    event = Event(
        writer=writer,
        number=last.number + 1 if last else 1,
        at=utc(datetime.now(UTC)),
        actor=actor,
        kind=kind,
        payload=dict(payload),
        previous=last.hash if last else GENESIS,
        hash="",
    )
    event.hash = digest(event)
    database.add(event)
    return event


def body(event: Event) -> dict[str, Any]:
    """The part of an event that is hashed and exported."""
    return {
        "writer": event.writer,
        "number": event.number,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "payload": event.payload,
        "previous": event.previous,
    }


def digest(event: Event) -> str:
    """SHA-256 of the event's canonical form, which holds the hash of the event before it."""
    return sha256_bytes(canonical_json(body(event)))


def log_path(event: Event) -> str:
    """Path of the file that holds the event in the dataset, `logs/events/<yyyy>/<mm>/<writer>.jsonl`."""
    return f"{LOGS}/{event.at[:4]}/{event.at[5:7]}/{event.writer}.jsonl"


def export(root: Path, events: Iterable[Event]) -> list[str]:
    """Append events to their files, and return the paths of these files; an event is never written twice."""
    touched: dict[str, list[Event]] = {}
    for event in events:
        touched.setdefault(log_path(event), []).append(event)
    for path, group in touched.items():
        _append_lines(root / path, group)
    return sorted(touched)


def _append_lines(path: Path, group: list[Event]) -> None:
    held = path.read_bytes() if path.exists() else b""
    held = held[: held.rfind(b"\n") + 1]  # a line cut short by a crash is written again
    known = {json.loads(line)["number"] for line in held.splitlines()}
    lines = [canonical_json({**body(event), "hash": event.hash}) for event in group if event.number not in known]
    atomic.write(path, b"".join([held, *(line + b"\n" for line in lines)]))


def read_log(root: Path) -> list[Event]:
    """Every exported event, sorted by writer and number.

    Raises:
        IntegrityError: a line is not an event.
    """
    events = [
        _parse(line, path.relative_to(root).as_posix())
        for path in sorted((root / LOGS).glob("*/*/*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    return sorted(events, key=lambda event: (event.writer, event.number))


def _parse(line: bytes, path: str) -> Event:
    try:
        raw = json.loads(line)
        if set(raw) != _EXPORTED:
            raise ValueError(sorted(raw))
        return Event(**raw)
    except (ValueError, TypeError) as error:
        raise IntegrityError(f"{path} holds a line that is not an event.", _RESTORE) from error


def verify_chain(events: Iterable[Event]) -> None:
    """Check that every writer's chain is whole and unchanged.

    Args:
        events: sorted by writer and number.

    Raises:
        IntegrityError: a chain is broken; the message names its first event that does not fit.
    """
    last: dict[str, tuple[int, str]] = {}
    for event in events:
        number, previous = last.get(event.writer, (0, GENESIS))
        if (event.number, event.previous, event.hash) != (number + 1, previous, digest(event)):
            raise IntegrityError(f"The event log is broken at {event.writer}/{event.number}.", _RESTORE)
        last[event.writer] = (event.number, event.hash)


def is_whole(events: Iterable[Event]) -> bool:
    """Whether `verify_chain` accepts these events."""
    try:
        verify_chain(events)
    except IntegrityError:
        return False
    return True
