"""The page Outliers: what the checks found.

Start at `page.render`.
"""
