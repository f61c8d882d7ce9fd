"""What an import's process needs and no row may hold: a corrected plan, and where a table of Patient IDs lies.

It lies in a folder that only this user can open, below `.cohortium/imports`, and is removed when the import ends.
Beside it lie the lock and the log of the process.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.dicom.names import plan
from curation.dicom.names.plan import Row
from curation.imports.delivery import SAME_PERSONS
from curation.imports.look import Asked
from registry.files import locks
from registry.store import Registry


def folder(registry: Registry) -> Path:
    """Where all of it lies; made when it is not there."""
    place = registry.local / "imports"
    place.mkdir(exist_ok=True)
    return place


def write(registry: Registry, import_id: str, wanted: Asked, rows: Sequence[Row]) -> None:
    """Hand over the corrected plan (`rows`, empty where there is none), the place of the people's table, who is who."""
    place = folder(registry) / import_id
    place.mkdir(mode=0o700)
    people = str(wanted.people.absolute()) if wanted.people else None
    stated = {"people": people, SAME_PERSONS: wanted.same_persons}
    (place / "options.json").write_text(json.dumps(stated), encoding="utf-8")
    if rows:
        plan.write(place / "plan.tsv", rows)


def options(registry: Registry, import_id: str) -> dict[str, Any]:
    """What was handed over, as the importer's options."""
    place = folder(registry) / import_id
    stated = json.loads((place / "options.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = {"people": Path(stated["people"])} if stated["people"] else {}
    found |= {SAME_PERSONS: True} if stated.get(SAME_PERSONS) else {}
    return {**found, "plan": place / "plan.tsv"} if (place / "plan.tsv").is_file() else found


def remove(registry: Registry, import_id: str) -> None:
    """Forget what was handed over; nothing where it is gone already."""
    shutil.rmtree(folder(registry) / import_id, ignore_errors=True)


def held(registry: Registry) -> list[str]:
    """Imports for which something is handed over."""
    return sorted(place.name for place in folder(registry).iterdir() if place.is_dir())


def lock_name(import_id: str) -> str:
    """The lock that the process of an import holds for as long as it lives."""
    return f"imports/{import_id}.alive"


def log(registry: Registry, import_id: str) -> Path:
    """What the process of an import prints."""
    return folder(registry) / f"{import_id}.log"


def close(registry: Registry, import_id: str) -> None:
    """Remove the lock of an import that has ended, and its log unless that says something."""
    locks.remove(registry, lock_name(import_id))
    place = log(registry, import_id)
    if place.is_file() and not place.stat().st_size:
        place.unlink(missing_ok=True)
