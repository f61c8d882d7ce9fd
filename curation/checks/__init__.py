"""Checks of content: voxels, headers and sidecars that look wrong, and what is missing.

Start at `run`: it measures each image once, judges the whole cohort (`judge`) and writes measures and findings to
`code/registry/checks`. `list_checks` lists every check, ours and those of other packages; `list_findings` and
`acknowledge` are for people. The modules `outliers` (queries of the page Outliers) and `measures` are public, too.
"""

from __future__ import annotations

from curation.checks.all import CHECKS, list_checks
from curation.checks.check import Check, Cohort, Hit, Shot
from curation.checks.measures.numbers import MEASURES, Measure, Number
from curation.checks.review import STATES, Wanted, acknowledge, list_findings
from curation.checks.run import Outcome, judge, run

__all__ = [
    "CHECKS",
    "MEASURES",
    "STATES",
    "Check",
    "Cohort",
    "Hit",
    "Measure",
    "Number",
    "Outcome",
    "Shot",
    "Wanted",
    "acknowledge",
    "judge",
    "list_checks",
    "list_findings",
    "run",
]
