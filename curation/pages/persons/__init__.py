"""The page Persons: subjects that are one person.

Start at `page.render`.
"""
