"""Count what a registry holds, and list what happened in it."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, func, select

from registry.bids.sidecars import read_json
from registry.publishing import git
from registry.publishing.events import LOGS
from registry.runs import KIND
from registry.store import Registry
from registry.tables import (
    ConsensusMask,
    Event,
    Image,
    Intent,
    LesionInstance,
    Mask,
    Person,
    Query,
    Rater,
    Run,
    Session,
    Site,
    Snapshot,
    Split,
    Subject,
    Work,
)

_COUNTED: dict[str, Any] = {
    "persons": Person,
    "subjects": Subject,
    "sites": Site,
    "sessions": Session,
    "images": Image,
    "raters": Rater,
    "masks": Mask,
    "consensus masks": ConsensusMask,
    "lesions": LesionInstance,
    "queries": Query,
    "splits": Split,
    "snapshots": Snapshot,
    "events": Event,
}


def status(registry: Registry) -> dict[str, Any]:
    """Counts of every kind, the number of changes that wait for a commit, and the present commit.

    `unread` is true for a copy whose database was not made yet, such as a fresh clone of a cohort.
    """
    with registry.reading() as database:
        counts = {
            name: database.exec(select(func.count()).select_from(table)).one() for name, table in _COUNTED.items()
        }
        recorded = database.exec(select(Run.run_id)).all()
        started = database.exec(select(Work.work_id).where(col(Work.kind) == KIND)).all()
        waiting = database.exec(select(func.count()).select_from(Intent).where(Intent.state != "committed")).one()
    return {
        "registry": str(registry.root),
        "commit": git.head(registry.root),
        "waiting": waiting,
        "unread": not counts["events"] and (registry.root / LOGS).is_dir(),
        "counts": {**counts, "runs": len({*recorded, *started})},
    }


def title(registry: Registry) -> str:
    """The cohort's name in `dataset_description.json`; the folder's name where that cannot be read."""
    try:
        description = read_json((registry.root / "dataset_description.json").read_bytes())
    except (OSError, ValueError):
        return registry.root.name
    name = description.get("Name") if isinstance(description, dict) else None
    return name if isinstance(name, str) and name.strip() else registry.root.name


def history(registry: Registry, limit: int) -> list[dict[str, Any]]:
    """The newest events, at most `limit`, newest first: rows `at, actor, kind, message, files, commit`."""
    with registry.reading() as database:
        events = database.exec(
            select(Event).order_by(col(Event.at).desc(), col(Event.number).desc()).limit(limit)
        ).all()
    return [
        {
            "at": event.at,
            "actor": event.actor,
            "kind": event.kind,
            "message": event.payload.get("message"),
            "files": len(event.payload.get("files", {})),
            "commit": event.commit and event.commit[:10],
        }
        for event in events
    ]
