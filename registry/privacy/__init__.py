"""What files tell about persons: the forms of dates, names and identifiers, and a scan of a whole tree (law 12).

Start at `scan`; `free_text` judges one text, `nifti_text` one image. Public: `scan`, `patterns`, `kinds`, `nifti_text`,
`free_text`, `traces` (what tells of a person in a file), `clearance` (what people decided).
"""
