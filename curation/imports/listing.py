"""One list of all imports: those whose report the registry keeps, and those under way, failed or stopped here."""

from __future__ import annotations

from typing import Any

from curation.imports import reports
from curation.imports.reports import KeptReport
from curation.imports.work import IMPORT, UNCHANGED
from registry.errors import NotFound, UsageError
from registry.store import Registry
from registry.tables import Work
from registry.work import queue
from registry.work.rows import FAILED, FINISHED, LOST, WAITING

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
"""Columns of the list; None where an import does not have the value, or not yet."""


def rows(registry: Registry) -> list[dict[str, Any]]:
    """One row of the list for each import, newest first."""
    kept = reports.list_reports(registry)
    names = {item.name for item in kept}
    imports = [{**dict.fromkeys(COLUMNS, 0), **item.row(), "state": FINISHED} for item in kept]
    imports += [_format_row(work) for work in queue.list_work(registry, IMPORT.name) if work.result not in names]
    return sorted(imports, key=lambda row: (row["at"], row["import"]), reverse=True)


def get(registry: Registry, name: str) -> KeptReport | Work:
    """The report of an import, or its row of `work` if there is no report yet.

    Args:
        registry: the registry.
        name: of the report, or of the import.

    Raises:
        NotFound: no such import.
    """
    work = next((item for item in queue.list_work(registry, IMPORT.name) if item.work_id == name), None)
    try:
        return reports.get(registry, work.result if work and work.result else name)
    except NotFound:
        if work is None:
            raise
        return work


def stop(registry: Registry, name: str) -> None:
    """Ask an import to stop.

    Raises:
        NotFound: no such import.
        UsageError: it has ended.
    """
    if all(work.work_id != name for work in queue.list_work(registry, IMPORT.name)):
        if any(kept.name == name for kept in reports.list_reports(registry)):
            raise UsageError(
                f"The import {name} is finished, so it cannot be stopped.",
                f"See it with: cohortium imports show {name}",
            )
        raise NotFound(f"There is no import '{name}'.", "List them with: cohortium imports list")
    queue.stop(registry, name)


def state(work: Work) -> str:
    """The state under the names of the command `imports`: `queued` for waiting, `failed` also for lost."""
    return {WAITING: "queued", LOST: FAILED}.get(work.state, work.state)


def facts(work: Work) -> dict[str, Any]:
    """The facts of an import without a report, JSON-ready."""
    same = ("actor", "done", "total", "what", "message", "hint", "ended", "stop_asked", "put_away")
    known = {"import_id": work.work_id, "state": state(work), "started": work.asked, "report": work.result}
    return {**known, **work.inputs, **{key: getattr(work, key) for key in same}}


def text(work: Work) -> str:
    """A text for people about an import without a report."""
    step = f": {work.what} {work.done}/{work.total}" if work.total and work.ended is None else ""
    lines = [
        f"{work.work_id} is {state(work)}{step}",
        f"{work.inputs['source']} by the recipe {work.inputs['recipe']}",
        f"started {work.started} by {work.actor}" + (f", ended {work.ended}" if work.ended else ""),
        work.message or "",
        work.hint or "",
        UNCHANGED if work.state in (FAILED, LOST) else "",
    ]
    return "\n".join(line for line in lines if line)


def _format_row(work: Work) -> dict[str, Any]:
    known = {"import": work.work_id, "at": work.asked, "actor": work.actor, "recipe": work.inputs["recipe"]}
    return {**dict.fromkeys(COLUMNS), **known, "state": state(work)}
