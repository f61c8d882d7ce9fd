"""What an import of DICOM needs from the registry it goes into: its salt, and whom it holds already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlmodel import select

from curation.importers import git_report
from curation.importers.report import ImportReport
from curation.recipes import Recipe
from registry.store import Registry
from registry.tables import Image

_IMPORTER = "dicom"


def for_registry(recipe: Recipe, registry: Registry, options: Mapping[str, Any]) -> Recipe:
    """The recipe with the user's options and, for DICOM, with what the registry knows."""
    if recipe.importer != _IMPORTER:
        return replace(recipe, options={**recipe.options, **options}) if options else recipe
    from curation.dicom.pseudonyms import of_registry

    known = {"pseudonyms": of_registry(registry.local), "held": held(registry)}
    return replace(recipe, options={**recipe.options, **options, **known})


def held(registry: Registry) -> dict[str, dict[str, str]]:
    """Subject to salted study to session, of every image in the registry that says its study."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    with registry.reading() as session:
        rows = session.exec(select(Image.subject_id, Image.session_key, Image.study)).all()
    for subject, key, study in rows:
        found[subject][study or f"unknown:{key}"] = key.rpartition("/")[2]
    return dict(found)


def trackable(recipe: Recipe, report: ImportReport, registry: Registry) -> ImportReport:
    """The report as the registry keeps it: without names of files that are not BIDS; of DICOM without any path."""
    from curation.dicom.pseudonyms import of_registry

    pseudonyms = of_registry(registry.local)
    if recipe.importer != _IMPORTER:
        return git_report.trackable(report, lambda path: pseudonyms.of("path", path))
    from curation.dicom.convert.importer import without_paths

    return without_paths(report, pseudonyms)
