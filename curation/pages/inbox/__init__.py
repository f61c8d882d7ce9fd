"""The page Inbox: a delivery is looked at, corrected and imported.

Start at `page.render`.
"""
