"""The panel of long work in the side bar: all of it that is under way, how far it is, and a way to stop it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from registry.errors import StorageError, UsageError
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import capitalise, escape_markdown, format_number
from registry.work import queue
from registry.work.rows import UNDER_WAY, WAITING

_REFRESH_S = 2.0


def draw(registry: Registry) -> None:
    """Draw the panel, and draw it anew every two seconds; nothing where no work is under way.

    Where there is none, nothing is drawn anew either: work that this page starts draws the page, and with it the panel.
    """
    with suppress(StorageError), st.sidebar:  # the page says that the database does not answer
        if queue.list_work(registry, states=UNDER_WAY):
            _panel(registry)


@st.fragment(run_every=_REFRESH_S)
def _panel(registry: Registry) -> None:
    with suppress(StorageError):
        for work in queue.list_work(registry, states=UNDER_WAY):
            with st.container(key=f"work {work.work_id}", border=True, gap=None):
                _draw(registry, work)


def _draw(registry: Registry, work: Work) -> None:
    left, right = st.columns((5, 2), vertical_alignment="center", gap="small")
    left.caption(escape_markdown(work.title))
    if not work.stop_asked:
        key = f"panel stop {work.work_id}"
        right.button("Stop", key=key, type="tertiary", on_click=stop, args=(registry, work.work_id))
    if work.stop_asked or work.state == WAITING:
        st.caption("Stopping" if work.stop_asked else "Waits for the worker")
    else:
        bar(work)


def bar(work: Work) -> None:
    """Draw how far work is; an empty step is work that is starting."""
    share = min(work.done / work.total, 1.0) if work.total else 0.0
    steps = (
        f"{capitalise(work.what)}: {format_number(work.done)} of {format_number(work.total)}"
        if work.total
        else capitalise(work.what)
    )
    st.progress(share, steps or "Starting")


def stop(registry: Registry, work_id: str) -> None:
    """Ask for the end of work; nothing where it ended in this moment, which the page then says."""
    with suppress(UsageError):
        queue.stop(registry, work_id)
