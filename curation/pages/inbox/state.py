"""The state of an import, which goes on without the app: how far it is, or how it ended."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from curation.importers.report import ImportReport
from curation.imports import reports
from curation.imports.work import UNCHANGED
from curation.pages.inbox import report_view
from registry.app import shell, work_progress
from registry.errors import NotFound
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import escape_markdown, format_time
from registry.work.rows import FINISHED, STOPPED

_NEXT = {
    "outliers": "Check the images",
    "persons": "Look for pairs of persons",
    "quality": "Start the QC sweep",
    "overview": "See the cohort",
}
_SAFE = (
    "An import is all or nothing: you may close this page, or end the app, and it goes on; stop it before it is "
    "done, and the registry stays as it was."
)


def follow(registry: Registry, work: Work) -> None:
    """Draw how far an import is."""
    work_progress.follow(registry, work, _SAFE)
    by = f"by {escape_markdown(work.actor)}, by the recipe {escape_markdown(work.inputs['recipe'])}"
    st.caption(f"Started {format_time(work.started or '')} {by}")


def show_end(registry: Registry, work: Work) -> None:
    """Draw how an import ended, with its report where it succeeded."""
    times = f"started {format_time(work.started or '')}, ended {format_time(work.ended or '')}"
    if work.state == FINISHED:
        report = _report(registry, work)
        st.success(report_view.came_in(report), icon=":material/check_circle:")
        st.caption(f"Imported by {escape_markdown(work.actor)}, {times}")
        _next()
        if report:
            report_view.show(report, "imported")
        return
    work_progress.explain_end(work)
    if work.state != STOPPED:
        st.caption(f"{UNCHANGED} The import was {times}")


def _next() -> None:
    st.markdown("**What to do next**")
    with st.container(horizontal=True):
        for page, label in _NEXT.items():
            shell.link(page, label)


def _report(registry: Registry, work: Work) -> ImportReport | None:
    with suppress(NotFound):  # a registry that was taken back to an earlier state
        return reports.get(registry, work.result).report if work.result else None
    return None
