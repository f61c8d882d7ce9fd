"""One import that goes on without the app: how far it is, or how it ended."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from curation.importers.report import ImportReport
from curation.imports import reports
from curation.imports.background import queue, rows
from curation.imports.background.rows import FINISHED, STOPPED
from curation.pages.inbox import report_view
from registry.app import shell, work_panel
from registry.errors import CohortiumError, NotFound, UsageError
from registry.store import Registry
from registry.tables import ImportWork
from registry.vocabulary.display import plain

_REFRESH_S = 1.0
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


def follow(registry: Registry, work: ImportWork) -> None:
    """Draw the bar anew every second; when the import has ended, the whole page."""
    st.markdown(f"**Importing {plain(work.source)}** by the recipe {plain(work.recipe)}")
    st.caption(_SAFE)
    _bar(registry, work.import_id)
    st.caption(f"Started {report_view.moment(work.started)} by {plain(work.actor)}")


@st.fragment(run_every=_REFRESH_S)
def _bar(registry: Registry, import_id: str) -> None:
    try:
        work = queue.get(registry, import_id)
    except CohortiumError as error:
        shell.explain(error)
        return
    if work.state not in rows.UNDER_WAY:
        st.rerun()
    work_panel.bar(work.done, work.total, work.what)
    if work.stop_asked:
        st.caption(":material/hourglass_empty: Stopping. What came in so far is being taken back.")
    else:
        st.button("Stop", icon=":material/stop:", on_click=_stop, args=(registry, import_id))


def _stop(registry: Registry, import_id: str) -> None:
    with suppress(UsageError):  # it ended in this moment, which the page then says
        queue.stop(registry, import_id)


def ended(registry: Registry, work: ImportWork) -> None:
    """Say how it ended, with its report where it came in."""
    times = f"started {report_view.moment(work.started)}, ended {report_view.moment(work.ended or '')}"
    if work.state == FINISHED:
        report = _report(registry, work)
        st.success(report_view.came_in(report), icon=":material/check_circle:")
        st.caption(f"Imported by {plain(work.actor)}, {times}")
        _next()
        if report:
            report_view.show(report, "imported")
    elif work.state == STOPPED:
        st.info(work.message or "", icon=":material/stop:")
    else:
        shell.explain(CohortiumError(work.message or "The import failed.", work.hint or ""))
        st.caption(f"{rows.UNCHANGED} The import was {times}")


def _next() -> None:
    st.markdown("**What to do next**")
    with st.container(horizontal=True):
        for page, label in _NEXT.items():
            shell.link(page, label)


def _report(registry: Registry, work: ImportWork) -> ImportReport | None:
    with suppress(NotFound):  # a registry that was taken back to an earlier state
        return reports.get(registry, work.report).report if work.report else None
    return None
