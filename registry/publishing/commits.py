"""The single committer: each applied change becomes one git commit, with the actor as author."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from registry.files.locks import lock
from registry.publishing import events, git
from registry.store import Registry
from registry.tables import Event, Intent


def commit_pending(registry: Registry) -> list[str]:
    """Put every applied change into git, one commit each, in order; returns the ids of the commits."""
    commits = []
    with lock(registry, "commit"):
        for event in _list_waiting(registry):
            commits.append(_commit_one(registry, event))
    return commits


def _commit_one(registry: Registry, event: Event) -> str:
    with registry.reading() as database:
        intent = database.get_one(Intent, event.intent_id)
    logs = events.export(registry.root, [event])
    message = f"{intent.message}\n\nCohortium-Event: {event.writer}/{event.number}"
    commit = git.commit(registry.root, [*intent.plan, *logs], message, event.actor)
    with registry.unit_of_work() as database:
        database.get_one(Event, (event.writer, event.number)).commit = commit
        done = database.get_one(Intent, intent.intent_id)
        done.state, done.commit = "committed", commit
    return commit


def _list_waiting(registry: Registry) -> Sequence[Event]:
    with registry.reading() as database:
        waiting = select(Event).join(Intent, col(Intent.intent_id) == Event.intent_id).where(Intent.state == "applied")
        return database.exec(waiting.order_by(col(Event.number))).all()
