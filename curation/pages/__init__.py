"""Pages of curation: the cohort, deliveries, subjects, queries and snapshots, quality, exclusions, persons.

Start at `PAGES`, the one public name.
"""

from __future__ import annotations

from curation.pages import overview, quality
from curation.pages.cohort import page as cohort
from curation.pages.exclusions import page as exclusions
from curation.pages.inbox import page as inbox
from curation.pages.outliers import page as outliers
from curation.pages.persons import page as persons
from curation.pages.subject import page as subject
from registry.app.page import Page

PAGES = [
    Page("Overview", "overview", ":material/monitoring:", overview.render, order=10),
    Page("Inbox", "inbox", ":material/move_to_inbox:", inbox.render, order=15),
    Page("Subject", "subject", ":material/person:", subject.render, order=20),
    Page("Queries and snapshots", "queries", ":material/filter_alt:", cohort.render, order=30),
    Page("Outliers", "outliers", ":material/troubleshoot:", outliers.render, order=50),
    Page("QC sweep", "quality", ":material/fact_check:", quality.render, order=40),
    Page("Exclusions", "exclusions", ":material/block:", exclusions.render, order=60),
    Page("Persons", "persons", ":material/group:", persons.render, order=70),
]
