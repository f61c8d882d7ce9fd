"""Checks of content: what the voxels, headers and sidecars say, and what is missing. Start at `run`.

`table.CHECKS` lists every check. A run measures each image once (`measuring`), judges the whole cohort (`judge`) and
writes measures and findings to `code/registry/checks`; `listed` and `acknowledge` are for people.
"""

from __future__ import annotations

from registry.checks.measures import MEASURES, Measure
from registry.checks.reviewing import STATES, Wanted, acknowledge, listed
from registry.checks.running import Outcome, judge, run
from registry.checks.shapes import Check, Cohort, Hit, Shot
from registry.checks.table import CHECKS

__all__ = [
    "CHECKS",
    "MEASURES",
    "STATES",
    "Check",
    "Cohort",
    "Hit",
    "Measure",
    "Outcome",
    "Shot",
    "Wanted",
    "acknowledge",
    "judge",
    "listed",
    "run",
]
