"""A pybids layout from our own reading of a tree: pybids' database, filled by us and opened by pybids.

Start at `database` (the one owner of the library `bids`). Public: `database`, `files` (which files a layout has),
`rows` (what pybids' tables hold of them).
"""
