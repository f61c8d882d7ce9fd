"""The page Exclusions: what is left out on purpose.

Start at `page.render`.
"""
