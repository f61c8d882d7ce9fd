"""Pages of curation: the cohort, one subject, queries and snapshots."""

from __future__ import annotations

from curation.pages import overview, queries, subject
from registry.pages import Page

PAGES = [
    Page("Overview", "overview", ":material/monitoring:", overview.render, order=10),
    Page("Subject", "subject", ":material/person:", subject.render, order=20),
    Page("Queries and snapshots", "queries", ":material/filter_alt:", queries.render, order=30),
]
