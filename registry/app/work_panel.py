"""Long work: its start, a bar that follows it, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from registry.app import shell
from registry.errors import CohortiumError
from registry.files.progress import Progress
from registry.store import Registry
from registry.vocabulary.display import number, opened, plain
from registry.work import jobs
from registry.work.jobs import Job, Stopped

_REFRESH_S = 1.0


def begin(registry: Registry, desk: str, job: Job, work: Callable[[Progress], object]) -> None:
    """Start work, then draw the page anew, which follows it. Where other work of the desk is under way, say so."""
    try:
        jobs.start(registry, desk, job, work)
    except CohortiumError as error:
        shell.explain(error)
        return
    st.rerun()


def follow(job: Job, about: str) -> None:
    """Draw the bar anew every second; when the work has ended, the whole page.

    Args:
        job: under way.
        about: what closing the page or stopping means.
    """
    st.markdown(f"**{plain(job.title)}**")
    st.caption(about)
    _bar(job)


def why(job: Job) -> None:
    """Say why work ended without a result; nothing where it has one."""
    if isinstance(job.error, Stopped):
        st.info(job.error.message, icon=":material/stop:")
    elif job.error is not None:
        shell.explain(job.error)


def bar(done: int, total: int, what: str) -> None:
    """Draw how far work is: `done` of `total` of the step `what`; an empty `what` is work that is starting."""
    steps = f"{opened(what)}: {number(done)} of {number(total)}" if total else opened(what)
    st.progress(min(done / total, 1.0) if total else 0.0, steps or "Starting")


@st.fragment(run_every=_REFRESH_S)
def _bar(job: Job) -> None:
    if not job.running:
        st.rerun()
    bar(job.done, job.total, job.what)
    st.button("Stop", icon=":material/stop:", on_click=job.stop)
