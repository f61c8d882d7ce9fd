"""Maintenance: make a registry, say what it holds, check all of it, and mend what went wrong.

Start at `doctor` (what a dead process left is mended) and `validation` (all checks). Public: `creation`, `status`,
`doctor`, `rebuild` (the database is made anew), `drift` (changes made without the registry), `validation`,
`mask_checks`.
"""
