"""The facets by which a cohort can be filtered: columns of the view `images`, or SQL over its columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from registry.errors import UsageError


class Kind(Enum):
    """The form of a facet's values, and how they are chosen."""

    TEXT = "any of its texts"
    NUMBER = "any of its numbers"
    YES_NO = "yes or no"
    RANGE = "from a number to a number, both included"


@dataclass(frozen=True)
class Facet:
    """One facet.

    Attributes:
        field: its name in `--where field=value`.
        title: its name in the app.
        column: SQL over the view `images`.
        unit: the unit of its numbers, or empty.
    """

    field: str
    title: str
    column: str
    kind: Kind = Kind.TEXT
    unit: str = ""


_EDGES = "spacing_i_mm, spacing_j_mm, spacing_k_mm"

FACETS: tuple[Facet, ...] = (
    Facet("channel", "Channel", "channel"),
    Facet("site", "Site", "site"),
    Facet("class", "Class", "class"),
    Facet("radiological_status", "Radiological status", "radiological_status"),
    Facet("consensus", "Has a consensus mask", "n_consensus > 0", Kind.YES_NO),
    Facet("n_readings", "Readings", "n_readings", Kind.RANGE),
    Facet("timepoint", "Visit", "nullif(split_part(session, '/', 2), '')"),
    Facet("days_from_baseline", "Days from baseline", "days_from_baseline", Kind.RANGE, "days"),
    Facet("age", "Age at baseline", "age", Kind.RANGE, "years"),
    Facet("sex", "Sex", "sex"),
    Facet("scanner", "Scanner", "scanner"),
    Facet("nominal_field_t", "Field strength", "nominal_field_t", Kind.NUMBER, "T"),
    Facet("field_strength_t", "Field strength as stated", "field_strength_t", Kind.NUMBER, "T"),
    Facet("finest_mm", "Shortest voxel edge", f"least({_EDGES})", Kind.RANGE, "mm"),
    Facet("coarsest_mm", "Longest voxel edge", f"greatest({_EDGES})", Kind.RANGE, "mm"),
    Facet("quality", "Quality check", "quality"),
    Facet("dataset", "Dataset", "dataset"),
    Facet("source", "Source data set", "source"),
    Facet("space", "Space", "space"),
    Facet("acq", "Acquisition", "acq"),
    Facet("task", "Task", "task"),
    Facet("rec", "Reconstruction", "rec"),
    Facet("dir", "Phase encoding direction", "dir"),
    Facet("echo", "Echo", "echo"),
    Facet("flip", "Flip angle", "flip"),
    Facet("inv", "Inversion", "inv"),
    Facet("mt", "Magnetisation transfer", "mt"),
    Facet("part", "Part", "part"),
)
"""Every facet, in the order of the app and of the conditions in the SQL."""

_BY_FIELD = {facet.field: facet for facet in FACETS}


def find_facet(field: str) -> Facet:
    """The facet of a field.

    Raises:
        UsageError: there is none.
    """
    if field not in _BY_FIELD:
        raise UsageError(f"'{field}' is nothing to filter by.", f"Known: {', '.join(_BY_FIELD)}.")
    return _BY_FIELD[field]
