"""Find what identifies persons in files: dates, names and identifiers (law 12).

Start at `scan`, which reads a whole tree; `free_text` checks one text, `nifti_text` one image. Public: `scan`,
`patterns`, `kinds`, `nifti_text`, `free_text`, `traces` (the scan as part of every check and import), `clearance` (what
people decided about images).
"""
