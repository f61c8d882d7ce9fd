"""Importers: a delivery in its own layout becomes a valid BIDS tree.

Start at `stage`. Each importer is one module that holds an `importer.Importer`; `staging.Staging` is the tree they
fill, `report.Reason` the reasons why a file stays outside. Public: `stage`, `find`, `prepare`, `importers`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from curation.importers.importer import Importer
from curation.importers.report import ImportReport, Reason, Refusal
from curation.recipes import Recipe
from registry.errors import InvalidInput
from registry.files.progress import Progress
from registry.store import Registry

__all__ = ["ImportReport", "Importer", "Reason", "Refusal", "find", "importers", "prepare", "stage"]

GROUP = "cohortium.importers"
"""Entry points of other packages."""

_MODULES = {
    "bids": "curation.importers.bids.importer",
    "decathlon": "curation.importers.decathlon.importer",
    "dicom": "curation.dicom.convert.importer",
    "near-bids": "curation.importers.near_bids",
    "open-ms": "curation.importers.open_ms.importer",
    "patterns": "curation.importers.patterns.importer",
}
_OURS = {name: EntryPoint(name, f"{module}:IMPORTER", GROUP) for name, module in _MODULES.items()}
"""Our importers, which win over others of the same name; a module is loaded when a recipe asks for it."""


def importers() -> list[str]:
    """Names that a recipe can give as its `importer`, sorted."""
    return sorted({*_OURS, *entry_points(group=GROUP).names})


def find(recipe: Recipe) -> Importer:
    """The importer that a recipe asks for.

    Raises:
        InvalidInput: no importer has that name.
    """
    entry = _OURS.get(recipe.importer) or next(iter(entry_points(group=GROUP, name=recipe.importer)), None)
    if entry is None:
        raise InvalidInput(
            f"The recipe '{recipe.name}' asks for the importer '{recipe.importer}'.",
            f"Known importers: {', '.join(importers())}.",
        )
    found: Importer = entry.load()
    return found


def prepare(recipe: Recipe, registry: Registry, options: Mapping[str, Any]) -> Recipe:
    """The recipe with the user's options, and with the facts of the registry that its importer needs.

    Args:
        recipe: as it lies in `datasets/`.
        registry: the registry that the delivery goes into.
        options: the user's options; they win over the recipe's own of the same name.

    Raises:
        InvalidInput: no importer has the name that the recipe gives, or the registry's salt cannot be read.
    """
    return find(recipe).prepare(replace(recipe, options={**recipe.options, **options}), registry)


def stage(recipe: Recipe, source: Path, into: Path, progress: Progress | None = None) -> ImportReport:
    """Write the delivery in `source` as a complete BIDS tree into the empty folder `into`.

    The source is only read. When anything fails, `into` is left empty.

    Args:
        recipe: what is known of the delivery, as `prepare` returned it.
        source: the delivery's folder.
        into: a folder that is empty or does not exist, outside the source.
        progress: called with what is done, what there is in all, and a word for it; None for nobody.

    Raises:
        InvalidInput: no such folder, a file instead of a folder, `into` not empty or inside the source, an importer
            that does not exist, or a delivery that is not what the recipe describes.
    """
    importer = find(recipe)
    _check_folders(source, into)
    into.mkdir(parents=True, exist_ok=True)
    try:
        report = importer.stage(recipe, source, into, progress or (lambda done, total, what: None))
    except BaseException:
        _empty(into)
        raise
    return report


def _check_folders(source: Path, into: Path) -> None:
    if not source.exists():
        raise InvalidInput(f"There is no folder at {source}.", "Name the folder that holds the delivery.")
    if not source.is_dir():
        raise InvalidInput(f"{source} is a file, not a folder.", "Unpack it first and name the folder.")
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise InvalidInput(f"{into} is not an empty folder.", "Name a folder that is empty or does not exist.")
    if into.resolve().is_relative_to(source.resolve()):
        raise InvalidInput(f"{into} lies inside the delivery.", "Deliveries are never written to; name another one.")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
