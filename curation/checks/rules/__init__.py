"""What each check looks for: one image alone, its peers, mirrored heads, copies, and what is missing.

Start at `curation.checks.all`, which lists every check; a module here holds the functions that it lists.
"""
