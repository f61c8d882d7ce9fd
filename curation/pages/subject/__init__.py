"""The page Subject: one subject, visit by visit.

Start at `page.render`.
"""
