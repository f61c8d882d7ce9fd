"""Checks of content: what the voxels, headers and sidecars say, and what is missing.

Start at `run`: it measures each image once, judges the whole cohort (`judge`) and writes measures and findings to
`code/registry/checks`. `list_checks` names every check, ours and those that other packages announce; `list_findings`
and `acknowledge` are for people. Public, too: the modules `outliers` (what the page asks) and `measures`.
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
