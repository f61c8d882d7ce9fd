"""Import one delivery into the registry: stage, check, publish, and keep the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from curation import importers, recipes
from curation.dicom.pseudonyms import of_registry
from curation.importers import ImportReport, git_report, stage
from curation.importers.cleaning.last_look import safeguard
from curation.imports import arrivals, positions, reports, same_persons, validity
from curation.imports.arrivals import Arrival
from registry.bids import places
from registry.catalog.sources import DATASET
from registry.cli.console import table
from registry.errors import InvalidInput, NotFound
from registry.files.canonical import readable_json, sha256_bytes, sha256_file
from registry.files.progress import Progress
from registry.maintenance.mask_checks import checker
from registry.publishing import Change, publish
from registry.snapshots.freeze import LICENCE_KEY
from registry.store import Registry
from registry.tables import File
from registry.vocabulary.display import format_count, format_size

Options = Mapping[str, Any]

SAME_PERSONS = "same_persons"
"""The option that says that subjects of another dataset are the same persons."""

EVENT_KEY = "import"
"""The key under which an event names the row of `work` that started it."""


@dataclass(frozen=True)
class Rehearsal:
    """The result of an import that was tried without writing.

    Attributes:
        report: the files that would be kept and refused.
        new_files: number of files that would be new or change; 0 if the registry holds everything already.
        new_bytes: their size.
        changed_files: number of them that the registry holds in another form: tables that gain rows, descriptions.
        arriving: the volumes by visit and channel.
        obstacle: a sentence that says why nothing can come in; empty if something can.
    """

    report: ImportReport
    new_files: int
    new_bytes: int
    changed_files: int = 0
    arriving: tuple[Arrival, ...] = ()
    obstacle: str = ""

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        return asdict(self)

    def text(self) -> str:
        """The report, the volumes by visit and channel, and the sentence that nothing was written."""
        return f"{self.report.text()}\n\n{table(arrivals.by_visit(self.arriving))}\n\nNothing was written. {self.said}"

    @property
    def said(self) -> str:
        """A sentence that says how much would be written."""
        if self.obstacle:
            return self.obstacle
        if not self.new_files:
            return "The registry holds all of this already: importing it changes nothing."
        parts = [(self.new_files - self.changed_files, "would be new"), (self.changed_files, "would change")]
        counts = " and ".join(f"{format_count(number, 'file')} {what}" for number, what in parts if number)
        return f"{counts}, {format_size(self.new_bytes)}."


@dataclass(frozen=True)
class Imported:
    """The result of an import.

    Attributes:
        report: its whole report.
        kept_as: the name under which the registry keeps the report (`reports`).
        written: number of files that are new or changed; 0 where the registry held everything already.
    """

    report: ImportReport
    kept_as: str
    written: int


class NothingCameIn(InvalidInput):
    """Not one image or mask of a delivery came in; `report` says of each file why."""

    def __init__(self, source: Path, report: ImportReport) -> None:
        reasons = ", ".join(f"{reason} ({number})" for reason, number in _count_reasons(report))
        if report.knows_nothing:
            message = f"{source} holds nothing that the recipe '{report.recipe}' knows."
            hint = f"Known recipes: {', '.join(recipes.known())}."
        else:
            message = f"No image and no mask of {source} came in."
            hint = "The report says of each file why."
        stayed = f"{format_count(len(report.refused), 'file')} stayed outside: {reasons}."
        super().__init__(f"{message} {stayed}" if reasons else message, hint)
        self.report = report


def _count_reasons(report: ImportReport) -> list[tuple[str, int]]:
    return Counter(item.reason for item in report.refused).most_common()


class _Enough(Exception):
    """Ends a rehearsal before anything is written; the staged tree is removed."""


def import_delivery(
    registry: Registry,
    recipe_name: str,
    source: Path,
    progress: Progress | None = None,
    options: Options | None = None,
) -> ImportReport:
    """Import `source` by a recipe, all or nothing.

    Args:
        registry: the registry that the delivery goes into.
        recipe_name: a recipe of `cohortium recipes`, or the path of a file that ends in `.toml`.
        source: the delivery's folder, only read.
        progress: called after each file; None for nobody.
        options: the user's options: `plan` and `people` of the importer `dicom`, and `same_persons`, true if subjects
            that another dataset brought are the same persons.

    Raises:
        NotFound: no such recipe or folder.
        NothingCameIn: no image and no mask came in; it holds the report.
        InvalidInput: a mask does not fit its image, or another dataset brought subjects of these labels.
    """
    return deliver(registry, recipe_name, source, progress, options).report


def deliver(
    registry: Registry,
    recipe_name: str,
    source: Path,
    progress: Progress | None = None,
    options: Options | None = None,
    import_id: str | None = None,
) -> Imported:
    """Import as `import_delivery`, and return also the name of the kept report.

    Args:
        registry: as for `import_delivery`.
        recipe_name: as there.
        source: as there.
        progress: as there.
        options: as there.
        import_id: the row of `work` that started the import; the event names it.
    """
    importing = _Importing(registry, recipe_name, source, options or {}, progress)
    change = replace(importing.change, payload={EVENT_KEY: import_id} if import_id else {})
    written = publish(registry, change, importing.write, check=checker(registry), progress=progress)
    reports.keep_here(registry, importing.kept_as, importing.reports[0])
    return Imported(importing.reports[0], importing.kept_as, len(written))


def check_delivery(
    registry: Registry,
    recipe_name: str,
    source: Path,
    progress: Progress | None = None,
    options: Options | None = None,
) -> Rehearsal:
    """Do what `import_delivery` does up to the moment of writing, then remove the staged files.

    Args:
        registry: as for `import_delivery`; the errors are the same too.
        recipe_name: as there.
        source: as there.
        progress: as there.
        options: as there.
    """
    importing = _Importing(registry, recipe_name, source, options or {}, progress)
    sound, changed, delivered = checker(registry), list[File](), list[str]()

    def write(tree: Path) -> Mapping[str, Any]:
        payload = importing.write(tree)
        delivered.extend(arrivals.volumes(tree))
        return payload

    def stop(files: Sequence[File]) -> None:
        sound(files)
        changed.extend(file for file in files if not file.path.startswith(places.IMPORTS))
        raise _Enough

    with suppress(_Enough):
        publish(registry, importing.change, write, check=stop, progress=progress)
    paths = {file.path for file in changed}
    return Rehearsal(
        importing.reports[0],
        len(changed),
        sum(file.size for file in changed),
        sum((registry.root / path).exists() for path in paths),
        tuple(arrivals.arriving(delivered, paths, registry.root)),
    )


class _Importing:
    """One delivery while it is imported: the change that it makes, and the function that writes its tree.

    Raises:
        NotFound: no such recipe or folder.
        InvalidInput: a file instead of a folder.
    """

    def __init__(
        self, registry: Registry, recipe_name: str, source: Path, options: Options, progress: Progress | None
    ) -> None:
        own = {key: value for key, value in options.items() if key != SAME_PERSONS}
        self._recipe = importers.prepare(recipes.load(recipe_name), registry, own)
        self._own = _identify_own(recipe_name)
        self._same_persons = bool(options.get(SAME_PERSONS))
        if source.is_file():
            raise InvalidInput(
                f"{source} is a file.", "Give the folder that holds the delivery; unpack an archive first."
            )
        if not source.is_dir():
            raise NotFound(f"There is no folder at {source}.", "Name the folder that holds the delivery.")
        self._registry, self._source, self._progress = registry, source, progress
        self.change = Change("import", f"Import {self._recipe.title or recipe_name}")
        self.reports: list[ImportReport] = []
        self.kept_as = ""

    def write(self, tree: Path) -> Mapping[str, Any]:
        """Stage the delivery and its report, and return the payload of the event."""
        name = self._recipe.name
        report = stage(self._recipe, self._source, tree, self._progress)
        if any(report.kept.values()):
            if not self._same_persons:
                same_persons.require_same(self._registry, self._recipe, tree)
            report = safeguard(tree, report, self._progress)
            report = validity.require_valid(tree, report, self._progress)
            report = replace(report, notes=(*report.notes, *positions.list_notes(self._registry, tree)))
        if not any(report.kept.values()):
            raise NothingCameIn(self._source, report)
        self.reports.append(report)
        self.kept_as = _keep_report(tree, self._redact(report))
        return {
            "recipe": name,
            **self._own,
            "kept": dict(report.kept),
            "refused": len(report.refused),
            LICENCE_KEY: _read_licence(tree),
            DATASET: same_persons.dataset_of(self._recipe, tree),
        }

    def _redact(self, report: ImportReport) -> ImportReport:
        """The report without the paths that can hold names, as git may keep it."""
        pseudonyms = of_registry(self._registry.local)
        redact = importers.find(self._recipe).redact or git_report.trackable
        return redact(report, lambda path: pseudonyms.of("path", path))


def _identify_own(recipe_name: str) -> dict[str, str]:
    """The checksum of a recipe of the user's own, for the event: no later version of Cohortium holds the file."""
    return {"recipe_sha256": sha256_file(Path(recipe_name))} if recipe_name.endswith(recipes.ENDING) else {}


def _read_licence(tree: Path) -> str:
    """The licence in the staged description, which the delivery or its recipe states; empty if neither does."""
    path = tree / "dataset_description.json"
    return str(json.loads(path.read_text()).get("License") or "") if path.is_file() else ""


def _keep_report(tree: Path, report: ImportReport) -> str:
    """Write the report into the tree, and return its name."""
    data = readable_json(report.to_json())
    path = tree / places.IMPORTS / f"{report.recipe}-{sha256_bytes(data)[:12]}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path.stem
