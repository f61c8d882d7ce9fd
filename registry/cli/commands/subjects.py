"""Commands `completeness` and `subject`: the pages Overview and Subject, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli import console
from registry.cli.console import AsJson
from registry.errors import require_known

if TYPE_CHECKING:
    from registry.catalog import Catalog
    from registry.catalog.subjects import Visit

Row = Mapping[str, Any]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Only this centre; may be repeated.")]


def commands(app: typer.Typer) -> None:
    """Add both commands to the command line."""
    app.command("completeness")(completeness)
    app.command("subject")(subject)


def completeness(site: Sites = None, as_json: AsJson = False) -> None:
    """Show subjects by visit and channel, site by site, and what most others of a data set have and one lacks."""
    from registry.catalog import Catalog, overview

    catalog = Catalog.of(console.registry())
    chosen = require_known("site", site or [], overview.sites(catalog))
    cells = overview.completeness(catalog, chosen)
    gaps = overview.gaps(cells)
    shown = overview.squares(cells, gaps)
    result = {"counts": overview.headline(catalog, chosen), "cells": cells, "gaps": gaps}
    text = [*(_format_matrix(name, rows) for name, rows in shown.items()), _format_gaps(gaps)]
    console.emit(result, as_json, "\n\n".join(text))


def _format_matrix(site: str, cells: Sequence[Row]) -> str:
    """A table with a line for each subject and a column for each visit and channel; `-` where nothing is expected."""
    lines: dict[str, dict[str, Any]] = {}
    for cell in cells:
        line = lines.setdefault(cell["subject"], {site: cell["subject"]})
        line[f"{cell['session']} {cell['channel']}".strip()] = None if cell["shown"] == "none" else cell["shown"]
    return console.table(list(lines.values()))


def _format_gaps(gaps: Sequence[Row]) -> str:
    return f"Missing:\n{console.table(gaps)}" if gaps else "Nothing is missing that others of the same data set have."


def subject(name: Annotated[str, typer.Argument(help="Such as sub-A001.")], as_json: AsJson = False) -> None:
    """Show one subject: who, the visits with their images, and the marked volume of each rater."""
    from registry.catalog import Catalog, subjects

    catalog = Catalog.of(console.registry())
    who = subjects.who(catalog, name)
    visits = subjects.visits(catalog, name)
    images = [row for visit in visits for row in _list_images(catalog, visit)]
    drawn = subjects.burden(catalog, name)
    result = {"subject": asdict(who), "visits": [asdict(visit) for visit in visits], "images": images, "volumes": drawn}
    tables = [[_flatten(asdict(who))], [_flatten(asdict(visit)) for visit in visits], images, drawn]
    console.emit(result, as_json, lambda: "\n\n".join(console.table(rows) for rows in tables))


def _list_images(catalog: Catalog, visit: Visit) -> list[dict[str, Any]]:
    from registry.catalog import subjects
    from registry.vocabulary.display import format_scan

    return [
        {
            "visit": visit.label or visit.key,
            "image": scan.title,
            "voxels": format_scan(scan.shape, scan.spacing_mm),
            "read": scan.read,
            "path": scan.path,
        }
        for scan in subjects.scans(catalog, visit)
    ]


def _flatten(row: dict[str, Any]) -> dict[str, Any]:
    """The row with tuples as words; an empty tuple is None."""
    return {key: ", ".join(value) or None if isinstance(value, tuple) else value for key, value in row.items()}
