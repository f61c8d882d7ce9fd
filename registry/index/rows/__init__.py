"""Compute rows from file facts: a pure function of the files, so that a rebuild equals the live registry.

Start at `subjects`: all rows of one subject are computed and replaced together. Rows above subjects
(persons, sites, raters, queries, splits, snapshots, runs) come from the tables at the root and from `code/registry`.
"""

from registry.index.rows.dataset import Roots, read_roots
from registry.index.rows.subjects import SubjectRows, subject_rows

__all__ = ["Roots", "SubjectRows", "read_roots", "subject_rows"]
