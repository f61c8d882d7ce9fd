"""The panel of long work in the side bar: what is under way, how far it is, and a button to stop it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from registry.errors import StorageError, UsageError
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import capitalise, escape_markdown, format_number
from registry.work import claims, queue
from registry.work.rows import UNDER_WAY, WAITING

_REFRESH_S = 2.0


def draw(registry: Registry) -> None:
    """Draw the panel and redraw it every two seconds; draw nothing where no work is under way.

    An absent panel is not redrawn: work that this page starts redraws the page, and the panel with it.
    """
    with suppress(StorageError), st.sidebar:  # the page says that the database does not answer
        if queue.list_work(registry, states=UNDER_WAY):
            _draw_panel(registry)


@st.fragment(run_every=_REFRESH_S)
def _draw_panel(registry: Registry) -> None:
    with suppress(StorageError):
        for work in queue.list_work(registry, states=UNDER_WAY):
            with st.container(key=f"work {work.work_id}", border=True, gap=None):
                _draw_work(registry, work)


def _draw_work(registry: Registry, work: Work) -> None:
    left, right = st.columns((5, 2), vertical_alignment="center", gap="small")
    left.caption(escape_markdown(work.title))
    if not work.stop_asked:
        key = f"panel stop {work.work_id}"
        right.button("Stop", key=key, type="tertiary", on_click=stop, args=(registry, work.work_id))
    if work.stop_asked or work.state == WAITING:
        st.caption("Stopping" if work.stop_asked else _say_what_it_waits_for(registry))
    else:
        bar(work)


def _say_what_it_waits_for(registry: Registry) -> str:
    if claims.count_workers(registry):
        return "Waits for the worker"
    return "Waits for a worker, and none runs on this machine. Start one: `cohortium worker`"


def bar(work: Work) -> None:
    """Draw how far work is; work without a step is starting."""
    share = min(work.done / work.total, 1.0) if work.total else 0.0
    steps = (
        f"{capitalise(work.what)}: {format_number(work.done)} of {format_number(work.total)}"
        if work.total
        else capitalise(work.what)
    )
    st.progress(share, steps or "Starting")


def stop(registry: Registry, work_id: str) -> None:
    """Ask work to end; work that has ended meanwhile is left alone, and the page shows its end."""
    with suppress(UsageError):
        queue.stop(registry, work_id)
