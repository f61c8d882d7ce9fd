"""Every import in one list: those whose report the registry keeps, and those under way, failed or stopped here."""

from __future__ import annotations

from typing import Any

from curation.imports import reports
from curation.imports.background import queue
from curation.imports.background.rows import FAILED, FINISHED, UNCHANGED
from curation.imports.reports import KeptReport
from registry.errors import NotFound
from registry.store import Registry
from registry.tables import ImportWork

COLUMNS = (
    "import",
    "at",
    "actor",
    "recipe",
    "subjects",
    "sessions",
    "images",
    "masks",
    "consensus",
    "refused",
    "state",
)
"""Of the list; what an import does not know yet, or never will, is None."""


def rows(registry: Registry) -> list[dict[str, Any]]:
    """One line of a table for each import, newest first."""
    kept = reports.listed(registry)
    names = {item.name for item in kept}
    lines = [{**dict.fromkeys(COLUMNS, 0), **item.row(), "state": FINISHED} for item in kept]
    lines += [_line(work) for work in queue.listed(registry) if work.report not in names]
    return sorted(lines, key=lambda line: (line["at"], line["import"]), reverse=True)


def get(registry: Registry, name: str) -> KeptReport | ImportWork:
    """The report of an import, by its own name or by that of the import; an import without one as it is here.

    Raises:
        NotFound: no such import.
    """
    work = next((item for item in queue.listed(registry) if item.import_id == name), None)
    try:
        return reports.get(registry, work.report if work and work.report else name)
    except NotFound:
        if work is None:
            raise
        return work


def text(work: ImportWork) -> str:
    """An import without a report, for people."""
    step = f": {work.what} {work.done}/{work.total}" if work.total and work.ended is None else ""
    lines = [
        f"{work.import_id} is {work.state}{step}",
        f"{work.source} by the recipe {work.recipe}",
        f"started {work.started} by {work.actor}" + (f", ended {work.ended}" if work.ended else ""),
        work.message or "",
        work.hint or "",
        UNCHANGED if work.state == FAILED else "",
    ]
    return "\n".join(line for line in lines if line)


def _line(work: ImportWork) -> dict[str, Any]:
    known = {"import": work.import_id, "at": work.started, "actor": work.actor, "recipe": work.recipe}
    return {**dict.fromkeys(COLUMNS), **known, "state": work.state}
