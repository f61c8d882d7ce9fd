"""The reports of earlier imports, as the registry keeps them in `code/registry/imports`.

These reports name no file of the delivery that is not BIDS (`importers.git_report`). The machine that imported also
keeps the whole report, in a folder that git ignores, and shows that one.
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
"""Hash of an import's event to the paths of its reports. The payload lists every file, so it is read only once."""


@dataclass(frozen=True)
class KeptReport:
    """The report of one import.

    Attributes:
        name: name of the report's file, without `.json`.
        at: UTC, ISO 8601; empty if no event names the report.
        actor: pseudonymous code of the person who imported; empty as above.
        report: the files that were kept and refused.
    """

    name: str
    at: str
    actor: str
    report: ImportReport

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)

    def row(self) -> dict[str, Any]:
        """One row of a table: time, actor, recipe and counts."""
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
    """The kept reports of all imports, newest first."""
    events = _events(registry)
    with registry.reading() as database:
        wanted = col(File.path).startswith(f"{places.IMPORTS}/", autoescape=True)
        files = database.exec(select(File).where(wanted)).all()
    reports = [
        KeptReport(PurePosixPath(file.path).stem, *events.get(file.path, ("", "")), _parse(file.facts["json"]))
        for file in files
        if file.path.endswith(".json") and isinstance(file.facts.get("json"), dict)
    ]
    return sorted(reports, key=lambda item: (item.at, item.name), reverse=True)


def keep_here(registry: Registry, name: str, report: ImportReport) -> None:
    """Write a whole report on this machine, for its user only; an existing one is not overwritten.

    Args:
        registry: the registry.
        name: of the report.
        report: with the delivery's own paths.
    """
    path = _local_path(registry, name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(readable_json(report.to_json()))


def _local_path(registry: Registry, name: str) -> Path:
    return registry.local / "reports" / f"{name}.json"


def get(registry: Registry, name: str) -> KeptReport:
    """One kept report, with the delivery's own file names if this machine imported it.

    Raises:
        NotFound: no such report.
    """
    kept = next((item for item in list_reports(registry) if item.name == name), None)
    if kept is None:
        raise NotFound(f"There is no report of an import '{name}'.", "List them with: cohortium imports list")
    with suppress(OSError, ValueError):
        return replace(kept, report=_parse(json.loads(_local_path(registry, kept.name).read_bytes())))
    return kept


def _events(registry: Registry) -> dict[str, tuple[str, str]]:
    """Path of each report to the time and the actor of its import."""
    with registry.reading() as database:
        statement = select(Event.hash, Event.at, Event.actor).where(Event.kind == "import").order_by(col(Event.at))
        imports = database.exec(statement).all()
        fresh = [digest for digest, _, _ in imports if digest not in _BROUGHT]
        whole = select(Event.hash, Event.payload).where(Event.kind == "import", col(Event.hash).in_(fresh))
        for digest, payload in database.exec(whole) if fresh else ():
            _BROUGHT[digest] = tuple(path for path in payload.get("files", ()) if path.startswith(f"{places.IMPORTS}/"))
    return {path: (at, actor) for digest, at, actor in imports for path in _BROUGHT[digest]}


def _parse(raw: Mapping[str, Any]) -> ImportReport:
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
