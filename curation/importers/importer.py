"""The contract of an importer: it writes a delivery in one layout as a BIDS tree.

A new importer is one module with an `Importer`. Our own are listed in `curation.importers`; another package declares
its importer as an entry point of the group `cohortium.importers`, whose name a recipe gives as its `importer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curation.importers.report import ImportReport
from curation.recipes import Recipe
from registry.files.progress import Progress
from registry.store import Registry

if TYPE_CHECKING:
    from curation.dicom.planning import Planned


class Stage(Protocol):
    """Writes a delivery as a BIDS tree."""

    def __call__(self, recipe: Recipe, source: Path, into: Path, progress: Progress) -> ImportReport:
        """Write the files that can be imported, and report every file that cannot.

        Args:
            recipe: what is known of the delivery, with what `Importer.prepare` added.
            source: the delivery's folder, only read.
            into: an empty folder; `curation.importers.staging.Staging` fills it.
            progress: called after each file.

        Raises:
            InvalidInput: the delivery is not what the recipe describes.
        """


def _keep_recipe(recipe: Recipe, _: Registry) -> Recipe:
    return recipe


@dataclass(frozen=True)
class Importer:
    """One layout of deliveries.

    Attributes:
        stage: writes the tree.
        prepare: adds to the recipe what only the registry knows, such as its salt.
        propose: surveys a delivery for a plan of names that a person corrects before anything is imported; None where
            the names in the delivery are enough.
        redact: takes a report and a function from a path to its salted hash; returns the report as the registry may
            keep it. None shortens the names of files that are not BIDS.
    """

    stage: Stage
    prepare: Callable[[Recipe, Registry], Recipe] = _keep_recipe
    propose: Callable[[Recipe, Path, Progress], Planned] | None = None
    redact: Callable[[ImportReport, Callable[[str], str]], ImportReport] | None = None
