"""What each check looks for: one image alone, its peers, mirrored heads, copies, and what is missing.

`curation.checks.all` lists every check; a rule module holds the functions that it lists.
"""
