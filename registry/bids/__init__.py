"""BIDS on disk: names, places, sidecars and their inheritance, and what lies in a tree.

Start at `names` (a path and its entities) and `walk` (what a tree holds). Public: `names`, `filenames`, `places`,
`sidecars`, `table_keys`, `portable_names`, `walk`. Nothing here knows a database.
"""
