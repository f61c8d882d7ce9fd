"""The index: rows in the database that say what the files say, kept equal to them.

Start at `refresh` (the rows of changed subjects are replaced) and `facts` (one file, read once). Public: `facts`,
`refresh`, `sync`, `by_checksum`, `by_path`, `check_rows`, `rows`.
"""
