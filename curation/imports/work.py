"""An import, and the look before it, as long work: both go on when the app ends; an import is all or nothing.

No row of `work` may hold a corrected plan or the path of a table of Patient IDs, so the process of the work reads them
from the work's private folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from curation.dicom.names import plan
from curation.dicom.names.plan import Row
from curation.imports import delivery, look
from curation.imports.delivery import EVENT_KEY, SAME_PERSONS
from curation.imports.look import Asked, Look
from registry.bids import places
from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Event, Work
from registry.work import files, queue
from registry.work.kinds import Kind

UNCHANGED = "The registry is as it was."
"""This is true of every import that ended without being in the registry."""


def start(registry: Registry, wanted: Asked, rows: Sequence[Row] = ()) -> Work:
    """Start an import in a process of its own, and return its row of `work`.

    Args:
        registry: the registry that the delivery goes into.
        wanted: the delivery and the recipe.
        rows: the corrected plan of a DICOM delivery; empty for others.

    Raises:
        UsageError: another import is under way.
        StorageError: the disk or the system refused to begin it.
    """
    source = str(wanted.source.absolute())
    inputs = {"recipe": wanted.recipe, "source": source}
    return queue.start(registry, IMPORT, f"Importing {source}", inputs, lambda folder: hand_over(folder, wanted, rows))


def hand_over(folder: Path, wanted: Asked, rows: Sequence[Row]) -> None:
    """Write the options and the corrected plan of an import into its private folder.

    Args:
        folder: the work's private folder.
        wanted: gives the path of the people's table, and whether persons are the same.
        rows: the corrected plan; empty writes none.
    """
    people = str(wanted.people.absolute()) if wanted.people else None
    options = {"people": people, SAME_PERSONS: wanted.same_persons}
    (folder / "options.json").write_text(json.dumps(options), encoding="utf-8")
    if rows:
        plan.write(folder / "plan.tsv", rows)


def read_options(folder: Path) -> dict[str, Any]:
    """The importer's options, read from the private folder that `hand_over` filled."""
    stored = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    options: dict[str, Any] = {"people": Path(stored["people"])} if stored["people"] else {}
    options |= {SAME_PERSONS: True} if stored.get(SAME_PERSONS) else {}
    return {**options, "plan": folder / "plan.tsv"} if (folder / "plan.tsv").is_file() else options


def _perform(registry: Registry, work: Work, progress: Progress) -> str:
    options = read_options(files.folder(registry, work.work_id))
    recipe, source = work.inputs["recipe"], Path(work.inputs["source"])
    return delivery.deliver(registry, recipe, source, progress, options, work.work_id).kept_as


def _find_report(event: Event) -> str | None:
    """The name of the report in an import's event, or None."""
    names = (PurePosixPath(path).stem for path in event.payload["files"] if path.startswith(f"{places.IMPORTS}/"))
    return next(names, None)


IMPORT = Kind(
    "import",
    "curation.imports.work:IMPORT",
    _perform,
    alone=True,
    event=EVENT_KEY,
    result=_find_report,
    stopped="The import was stopped; nothing was changed.",
)


def start_look(registry: Registry, known: Look) -> Work:
    """Start a look at a delivery, or try the whole import if `known` holds a DICOM plan already.

    The ends of earlier imports and looks are no longer shown afterwards.

    Raises:
        UsageError: another look is under way.
        StorageError: the disk or the system refused to begin it.
    """
    put_away(registry)
    wanted = known.asked
    title = f"Converting {wanted.source.name}" if known.planned else f"Looking at {wanted.source}"
    inputs = {"recipe": wanted.recipe, "source": str(wanted.source.absolute()), "whole": known.planned is not None}
    return queue.start(registry, LOOK, title, inputs, lambda folder: files.keep(registry, folder.name, known))


def put_away(registry: Registry) -> None:
    """Mark the ends of imports and looks as seen, and remove the results of looks."""
    for kind in (IMPORT, LOOK):
        queue.put_away(registry, kind)


def _look(registry: Registry, work: Work, progress: Progress) -> None:
    known: Look = files.read_found(registry, work.work_id)
    if known.planned is None:
        found = look.look(registry, known.asked, progress)
    else:
        found = replace(known, rehearsal=look.rehearse(registry, known.asked, known.planned.rows, progress))
    files.keep(registry, work.work_id, found)


LOOK = Kind("look", "curation.imports.work:LOOK", _look, alone=True)
