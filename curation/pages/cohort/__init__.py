"""The page Queries and snapshots: from a question to a frozen cohort.

Start at `page.render`.
"""
