"""Deliveries: look at one before anything is written, import it, and read what earlier imports kept and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from curation.imports import look as inbox
from curation.imports.background import queue
from curation.imports.background import rows as import_rows
from curation.imports.background.rows import FINISHED, UNDER_WAY
from curation.imports.look import Asked, Look
from curation.pages.inbox import form, plan_table, report_view, state
from registry.app import shell, work_panel
from registry.errors import CohortiumError
from registry.store import Registry
from registry.tables import ImportWork
from registry.vocabulary.display import counted, plain
from registry.work import jobs
from registry.work.jobs import Job

_REHEARSE = "rehearse"
_TABLE = "plan table"


def render(registry: Registry) -> None:
    """Draw the page."""
    st.title("Inbox")
    job, work = jobs.current(registry, form.DESK), queue.shown(registry)
    if work is not None and work.state in UNDER_WAY:
        state.follow(registry, work)
    elif job is not None and job.running:
        work_panel.follow(job, "Nothing is written.")
    elif work is not None:
        _imported(registry, work, job)
    elif job is None or (job.kind == form.LOOK and job.error is not None):
        form.draw(registry, job)
    else:
        _ended(registry, job)
    report_view.earlier(registry)


def _imported(registry: Registry, work: ImportWork, job: Job | None) -> None:
    """How an import ended; one that changed nothing can be tried again with what was looked at for it."""
    _head(registry, work.source, work.recipe)
    state.ended(registry, work)
    if work.state == FINISHED:
        return
    if job is not None and (look := _look_for(work, job)) is not None:
        _found(registry, job, look)
    else:
        st.button("Look at it again", type="primary", icon=":material/search:", on_click=_again, args=(registry, work))


def _look_for(work: ImportWork, job: Job) -> Look | None:
    """What was found when somebody looked at this import's delivery; None when the app has forgotten it."""
    wanted: Asked = job.facts["asked"]
    same = (wanted.recipe, str(wanted.source.absolute())) == (work.recipe, work.source)
    return job.facts.get("look") if same else None


def _ended(registry: Registry, job: Job) -> None:
    """What a look found."""
    wanted: Asked = job.facts["asked"]
    _head(registry, str(wanted.source), wanted.recipe)
    if job.error is not None:
        work_panel.why(job)
        st.caption("The registry is as it was.")
    look: Look | None = job.facts.get("look") or job.result
    if look is not None:
        _found(registry, job, look)


def _head(registry: Registry, source: str, recipe: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{plain(source)}** by the recipe {plain(recipe)}")
        st.button("Another delivery", icon=":material/arrow_back:", on_click=_another, args=(registry,))


def _another(registry: Registry) -> None:
    jobs.forget(registry, form.DESK)
    import_rows.put_away(registry)


def _again(registry: Registry, work: ImportWork) -> None:
    """Back to the form: a table of Patient IDs, which nobody keeps, has to be named anew."""
    form.fill(Asked(work.recipe, Path(work.source)))
    _another(registry)


def _found(registry: Registry, job: Job, look: Look) -> None:
    """What a look found, and for DICOM its plan, which stays on the page until it could be followed."""
    if look.planned is not None:
        _plan(registry, job, look)
    rehearsal = job.result if job.kind == _REHEARSE else look.rehearsal
    if rehearsal is None:
        report_view.refused(inbox.outside(look.planned) if look.planned else (), "looked")
        return
    report_view.arriving(rehearsal)
    if look.rehearsal is not None and st.button(
        "Import", type="primary", icon=":material/move_to_inbox:", disabled=not rehearsal.new_files
    ):
        _import(registry, job, look)
    report_view.show(rehearsal.report, "looked")


def _plan(registry: Registry, job: Job, look: Look) -> None:
    """The table of names; what was written into it is kept with the work, for when the page is left and come back to.

    While the table is on the page it has to be given the same rows: Streamlit keeps what was edited as differences.
    """
    key = f"plan {st.session_state.setdefault(_TABLE, 0)}"
    if key not in st.session_state:
        st.session_state["plan shown"] = look.planned
    corrected = plan_table.edit(st.session_state["plan shown"], key)
    planned = replace(st.session_state["plan shown"], rows=corrected.rows)
    job.facts["look"] = look = replace(look, planned=planned)
    waiting = _why_not(corrected.problems)
    with st.container(horizontal=True):
        if st.button(
            "Import by this plan", type="primary", icon=":material/move_to_inbox:", disabled=bool(waiting), help=waiting
        ):
            _import(registry, job, look)
        if st.button(
            "Try the conversion first",
            icon=":material/science:",
            disabled=bool(waiting),
            help=waiting or "Converts and checks every series, then throws the result away.",
        ):
            _rehearse(registry, look)
        if any(row.keep == "ask" for row in corrected.rows):
            st.button(
                "Leave out all that wait",
                icon=":material/do_not_disturb_on:",
                on_click=_leave_out,
                args=(job,),
                help="Writes no into every line that waits for yes or no.",
            )


def _leave_out(job: Job) -> None:
    """A new table, for the old one would put its edits over the lines again."""
    look: Look = job.facts["look"]
    job.facts["look"] = replace(look, planned=inbox.without_waiting(look.planned)) if look.planned else look
    st.session_state[_TABLE] += 1


def _why_not(problems: tuple[str, ...]) -> str | None:
    return f"{counted(len(problems), 'thing')} to settle first, see below the table." if problems else None


def _import(registry: Registry, job: Job, look: Look) -> None:
    job.facts["look"] = look
    try:
        queue.start(registry, look.asked, look.planned.rows if look.planned else ())
    except CohortiumError as error:
        shell.explain(error)
        return
    st.rerun()


def _rehearse(registry: Registry, look: Look) -> None:
    wanted, rows = look.asked, look.planned.rows if look.planned else ()
    job = Job(_REHEARSE, f"Converting {wanted.source.name}", {"asked": wanted, "look": look})
    form.begin(registry, job, lambda progress: inbox.rehearse(registry, wanted, rows, progress))
