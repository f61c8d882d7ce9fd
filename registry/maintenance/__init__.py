"""Maintenance: make a registry, say what it holds, check all of it, and mend what went wrong.

Start at `doctor` (what a dead process left is mended, and the database is made anew) and `validation` (all checks).
Public: `creation`, `status`, `doctor`, `drift` (changes made without the registry), `validation`, `mask_checks`.
"""
