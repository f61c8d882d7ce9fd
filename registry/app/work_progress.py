"""Long work on the page that started it: a bar that follows it, and why it ended."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from registry.app import shell, work_panel
from registry.errors import CohortiumError
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import escape_markdown
from registry.work import queue
from registry.work.rows import FINISHED, STOPPED, UNDER_WAY

_REFRESH_S = 1.0


def begin(start: Callable[[], object]) -> None:
    """Start work and redraw the page, which then follows it; where the work cannot begin, show why."""
    try:
        start()
    except CohortiumError as error:
        shell.explain(error)
        return
    st.rerun()


def follow(registry: Registry, work: Work, about: str) -> None:
    """Draw the bar and redraw it every second; redraw the whole page once the work has ended.

    Args:
        registry: the registry that the work belongs to.
        work: work that is under way.
        about: a sentence that says what closing the page or stopping means.
    """
    st.markdown(f"**{escape_markdown(work.title)}**")
    st.caption(about)
    _draw_bar(registry, work.work_id)


def explain_end(work: Work) -> None:
    """Show why work ended without a result; draw nothing where it has one."""
    if work.state == STOPPED:
        st.info(work.message or "", icon=":material/stop:")
    elif work.state != FINISHED:
        shell.explain(CohortiumError(work.message or f"The {work.kind} failed.", work.hint or ""))


@st.fragment(run_every=_REFRESH_S)
def _draw_bar(registry: Registry, work_id: str) -> None:
    try:
        work = queue.get(registry, work_id)
    except CohortiumError as error:
        shell.explain(error)
        return
    if work.state not in UNDER_WAY:
        st.rerun()
    work_panel.bar(work)
    if work.stop_asked:
        st.caption(":material/hourglass_empty: Stopping. What was done so far is being taken back.")
    else:
        st.button("Stop", icon=":material/stop:", on_click=work_panel.stop, args=(registry, work_id))
