"""The panel of long work in the side bar: all of it that is under way, how far it is, and a way to stop it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from registry.errors import StorageError, UsageError
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import number, opened, plain
from registry.work import queue
from registry.work.rows import UNDER_WAY, WAITING

_REFRESH_S = 2.0


def draw(registry: Registry) -> None:
    """Draw the panel, and draw it anew every two seconds; nothing where no work is under way."""
    with st.sidebar:
        _panel(registry)


@st.fragment(run_every=_REFRESH_S)
def _panel(registry: Registry) -> None:
    with suppress(StorageError):  # the page says it
        for work in queue.list_work(registry, states=UNDER_WAY):
            with st.container(key=f"work {work.work_id}", border=True, gap="small"):
                st.caption(plain(work.title))
                if work.state == WAITING:
                    st.caption(":material/schedule: Waits for the worker")
                else:
                    bar(work)
                stop_button(registry, work, "panel")


def bar(work: Work) -> None:
    """Draw how far work is; an empty step is work that is starting."""
    share = min(work.done / work.total, 1.0) if work.total else 0.0
    steps = f"{opened(work.what)}: {number(work.done)} of {number(work.total)}" if work.total else opened(work.what)
    st.progress(share, steps or "Starting")


def stop_button(registry: Registry, work: Work, place: str) -> None:
    """A button that asks for the end of work; `place` tells it from another one on the page."""
    if work.stop_asked:
        st.caption(":material/hourglass_empty: Stopping. What was done so far is being taken back.")
    else:
        key = f"stop {work.work_id} {place}"
        st.button("Stop", icon=":material/stop:", key=key, on_click=_stop, args=(registry, work.work_id))


def _stop(registry: Registry, work_id: str) -> None:
    with suppress(UsageError):  # it ended in this moment, which the page then says
        queue.stop(registry, work_id)
