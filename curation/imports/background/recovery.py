"""How an import ended whose process is gone: killed, or with the machine it ran on.

Looked at whenever anybody asks for imports, so no row says for ever that something is under way.
"""

from __future__ import annotations

from sqlmodel import col, select

from curation.imports.background import handover, rows
from curation.imports.background.rows import FAILED
from registry import publishing
from registry.files import locks
from registry.store import Registry
from registry.tables import Intent

_DIED = "The import ended before it was done, because its process was killed or the machine went off."


def is_alive(registry: Registry, import_id: str) -> bool:
    """Whether the process of an import still runs."""
    return locks.is_held(registry, handover.lock_name(import_id))


def settle(registry: Registry) -> None:
    """Say how dead imports ended, and remove what was handed over to them."""
    for import_id in rows.under_way(registry):
        if not is_alive(registry, import_id):
            _bury(registry, import_id)
    for import_id in handover.held(registry):
        if not is_alive(registry, import_id):
            handover.remove(registry, import_id)


def _bury(registry: Registry, import_id: str) -> None:
    """Complete or take back what the import had begun, then say which.

    While somebody else writes, this waits for a later look, so that no page hangs.
    """
    if locks.is_held(registry, "write"):
        return
    with locks.lock(registry, "write"):
        _recover(registry)
    if not rows.end_as_published(registry, import_id):
        rows.end(registry, import_id, FAILED, message=_DIED, hint="Start it again.")
    handover.close(registry, import_id)


def _recover(registry: Registry) -> None:
    """What `doctor` does with the imports of dead processes: a delivery can be large, so it is not left on the disk."""
    begun = col(Intent.state).in_(("staging", "staged")), col(Intent.kind) == "import"
    with registry.reading() as session:
        intents = session.exec(select(Intent).where(*begun)).all()
    for intent in intents:
        if not publishing.is_alive(registry, intent.intent_id):
            publishing.recover(registry, intent)
