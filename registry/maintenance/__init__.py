"""Maintenance: create a registry, count what it holds, check all of it, and repair it.

Start at `doctor` (repairs what a dead process left) and `validation` (runs all checks). Public: `creation`, `status`,
`doctor`, `rebuild` (makes the database anew), `drift` (changes made outside the registry), `validation`,
`bids_validator` (the official one), `mask_checks`.
"""
