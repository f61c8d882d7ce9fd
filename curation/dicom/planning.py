"""The service behind `cohortium import dicom SOURCE --plan PLAN`: survey a delivery and write its plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from curation import importers
from curation.dicom.names import plan
from curation.dicom.names.plan import Row
from curation.dicom.survey import DicomSettings, Outside, survey
from curation.recipes import Recipe
from registry.cli.console import table
from registry.errors import InvalidInput
from registry.files.progress import Progress

_SHOWN = ("series", "keep", "name", "subject", "session", "files", "shape", "description", "reason")


@dataclass(frozen=True)
class Planned:
    """A plan, and the files that stay outside whatever the plan says.

    Attributes:
        rows: one for each series.
        outside: files in no series.
        blocked: key of a series to the sentence why it can never be kept.
    """

    rows: Sequence[Row]
    outside: Sequence[Outside]
    blocked: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A plain mapping."""
        outside = [{"path": path, "reason": code.value, "detail": detail} for path, code, detail in self.outside]
        return {"series": [asdict(row) for row in self.rows], "outside": outside}

    def text(self) -> str:
        """The plan as a table, and the files outside counted by reason."""
        codes = [code.value for _, code, _ in self.outside]
        lines = [f"{codes.count(code)} files stay outside: {code}" for code in sorted(set(codes))]
        return "\n".join([table([asdict(row) for row in self.rows], _SHOWN), *lines])


def make_plan(recipe: Recipe, source: Path, path: Path, progress: Progress) -> Planned:
    """Survey a delivery and write its plan to a new file outside of it.

    Args:
        recipe: with the naming rules, as `importers.prepare` returned it.
        source: the delivery's folder.
        path: the plan's file, which must not exist.
        progress: called after each header.

    Raises:
        InvalidInput: no such folder, no MR image in it, or the plan's file exists or lies in the delivery.
    """
    if not source.is_dir():
        raise InvalidInput(f"There is no folder at {source}.", "Name the folder that holds the DICOM files.")
    if path.resolve().is_relative_to(source.resolve()):
        raise InvalidInput(
            f"{path.name} lies inside the delivery.", "Deliveries are never written to; name another file."
        )
    if path.exists():
        raise InvalidInput(f"{path.name} exists already.", "Name a new file; plans are never overwritten.")
    planned = (importers.find(recipe).propose or propose)(recipe, source, progress)
    plan.write(path, planned.rows)
    return planned


def propose(recipe: Recipe, source: Path, progress: Progress) -> Planned:
    """The plan of a delivery; nothing is written.

    Args:
        recipe: with the naming rules, as `importers.prepare` returned it.
        source: the delivery's folder.
        progress: called after each header.

    Raises:
        InvalidInput: no such folder, or no MR image in it.
    """
    if not source.is_dir():
        raise InvalidInput(f"There is no folder at {source}.", "Name the folder that holds the DICOM files.")
    surveyed = survey(recipe, source, DicomSettings.of(recipe.options), progress)
    return Planned(list(surveyed.rows.values()), surveyed.outside, surveyed.blocked)
