"""Bring one delivery into the registry: stage, check, publish, and keep the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from curation import recipes
from curation.dicom.in_registry import for_registry, trackable
from curation.importers import ImportReport, stage
from registry import geometry, layout
from registry.canon import readable_json, sha256_bytes
from registry.errors import InvalidInput, NotFound
from registry.projection import read_roots
from registry.publishing import Change, Progress, publish
from registry.store import Registry
from registry.tables import File


def import_delivery(
    registry: Registry,
    recipe_name: str,
    source: Path,
    progress: Progress | None = None,
    options: Mapping[str, Any] | None = None,
) -> ImportReport:
    """Import `source` by a recipe, all or nothing.

    Args:
        registry: where to.
        recipe_name: of `cohortium recipes`.
        source: the delivery's folder, only read.
        progress: told about each file.
        options: beside the recipe's own: `plan` and `people` of the importer `dicom`.

    Raises:
        NotFound: no such recipe or folder.
        InvalidInput: nothing in the folder fits the recipe, or a mask does not fit its image.
    """
    recipe = for_registry(recipes.load(recipe_name), registry, options or {})
    if not source.is_dir():
        raise NotFound(f"There is no folder at {source}.", "Name the folder that holds the delivery.")
    reports: list[ImportReport] = []

    def write(tree: Path) -> Mapping[str, Any]:
        report = stage(recipe, source, tree, progress)
        if not any(report.kept.values()):
            raise InvalidInput(f"{source} holds nothing that the recipe '{recipe_name}' knows.",
                               f"Known recipes: {', '.join(recipes.known())}.")  # fmt: skip
        reports.append(report)
        _keep_report(tree, trackable(recipe, report))
        return {"recipe": recipe_name, "kept": dict(report.kept), "refused": len(report.refused)}

    message = f"Import {recipe.title or recipe_name}"
    publish(registry, Change("import", message), write, check=_checker(registry), progress=progress)
    return reports[0]


def _keep_report(tree: Path, report: ImportReport) -> None:
    data = readable_json(report.to_json())
    place = tree / layout.IMPORTS / f"{report.recipe}-{sha256_bytes(data)[:12]}.json"
    place.parent.mkdir(parents=True)
    place.write_bytes(data)


def _checker(registry: Registry) -> Any:
    """Refuse masks that do not fit, looking at new and present files of the touched subjects together."""

    def check(changed: Sequence[File]) -> None:
        subjects = {file.subject_id for file in changed if file.subject_id}
        with registry.reading() as session:
            present = session.exec(
                select(File).where(col(File.subject_id).in_(subjects) | col(File.subject_id).is_(None))
            ).all()
        files = {file.path: file for file in [*present, *changed]}.values()
        roots = read_roots(file for file in files if file.subject_id is None)
        for subject, group in sorted(geometry.by_subject(files).items()):
            geometry.require_sound(geometry.check_subject(subject, group, roots))

    return check
