"""The rules of the checks: one image alone, an image against its peers, mirrored heads, and what is missing.

Start at `curation.checks.all`, which lists every check and names its rule here.
"""
