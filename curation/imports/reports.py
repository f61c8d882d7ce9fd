"""The reports of earlier imports, as the registry keeps them in `code/registry/imports`.

What is kept there names no file of the delivery that is not BIDS (`importers.tracked`). The machine that imported also
has the whole report, in its own folder that git ignores, and shows that one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from sqlmodel import col, select

from curation.importers.report import ImportReport, Refusal
from registry.bids import places
from registry.errors import NotFound
from registry.files.canonical import readable_json
from registry.store import Registry
from registry.tables import Event, File

_BROUGHT: dict[str, tuple[str, ...]] = {}
"""Hash of an import's event to the reports it brought. The payload also lists every other file, so it is read once."""


@dataclass(frozen=True)
class KeptReport:
    """One import.

    Attributes:
        name: of the report's file, without `.json`.
        at: UTC, ISO 8601; empty where no event names it.
        actor: pseudonymous code of who imported; empty as above.
        report: what was kept and refused.
    """

    name: str
    at: str
    actor: str
    report: ImportReport

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)

    def row(self) -> dict[str, Any]:
        """One line of a table: when, who, by which recipe, how much."""
        refused = len(self.report.refused)
        return {
            "import": self.name,
            "at": self.at,
            "actor": self.actor,
            "recipe": self.report.recipe,
            **dict(self.report.kept),
            "refused": refused,
        }


def list_reports(registry: Registry) -> list[KeptReport]:
    """Every import whose report is kept, newest first."""
    events = _events(registry)
    with registry.reading() as database:
        wanted = col(File.path).startswith(f"{places.IMPORTS}/", autoescape=True)
        files = database.exec(select(File).where(wanted)).all()
    found = [
        KeptReport(PurePosixPath(file.path).stem, *events.get(file.path, ("", "")), _report(file.facts["json"]))
        for file in files
        if file.path.endswith(".json") and isinstance(file.facts.get("json"), dict)
    ]
    return sorted(found, key=lambda item: (item.at, item.name), reverse=True)


def keep_here(registry: Registry, name: str, report: ImportReport) -> None:
    """Keep a whole report on this machine, for its user only; a report that is there stays."""
    place = _here(registry, name)
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(readable_json(report.to_json()))


def _here(registry: Registry, name: str) -> Path:
    return registry.local / "reports" / f"{name}.json"


def get(registry: Registry, name: str) -> KeptReport:
    """One kept report, with the delivery's own names where this machine imported it.

    Raises:
        NotFound: no such report.
    """
    found = next((item for item in list_reports(registry) if item.name == name), None)
    if found is None:
        raise NotFound(f"There is no report of an import '{name}'.", "List them with: cohortium imports list")
    with suppress(OSError, ValueError):
        return replace(found, report=_report(json.loads(_here(registry, found.name).read_bytes())))
    return found


def _events(registry: Registry) -> dict[str, tuple[str, str]]:
    """Path of a report to when and by whom it was written."""
    with registry.reading() as database:
        asked = select(Event.hash, Event.at, Event.actor).where(Event.kind == "import").order_by(col(Event.at))
        imports = database.exec(asked).all()
        fresh = [digest for digest, _, _ in imports if digest not in _BROUGHT]
        whole = select(Event.hash, Event.payload).where(Event.kind == "import", col(Event.hash).in_(fresh))
        for digest, payload in database.exec(whole) if fresh else ():
            _BROUGHT[digest] = tuple(path for path in payload.get("files", ()) if path.startswith(f"{places.IMPORTS}/"))
    return {path: (at, actor) for digest, at, actor in imports for path in _BROUGHT[digest]}


def _report(raw: Mapping[str, Any]) -> ImportReport:
    refused = (
        Refusal(*(str(item.get(key, "")) for key in ("path", "reason", "detail"))) for item in raw.get("refused", ())
    )
    return ImportReport(
        str(raw.get("recipe", "")),
        dict(raw.get("kept", {})),
        tuple(refused),
        tuple(raw.get("used", ())),
        tuple(raw.get("notes", ())),
    )
