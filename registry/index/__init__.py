"""The index: rows in the database that are kept equal to the files.

Start at `refresh` (replace the rows of changed subjects) and `facts` (read one file once). Public: `facts`,
`refresh`, `sync`, `by_checksum`, `by_path`, `check_rows`, `rows`.
"""
