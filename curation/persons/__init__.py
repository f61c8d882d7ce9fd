"""Persons: subjects that are one person, proposed from images and headers and decided by a reviewer.

Start at `links.propose`, then `links.confirm` or `links.clear`. Public: `links`, `proposals`, `survey`,
`fingerprints`, `pairs` (the evidence on two subjects), `side_by_side` (two heads in one picture).
"""
