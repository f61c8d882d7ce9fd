"""Deliveries: look at one before anything is written, import it, and read what earlier imports kept and refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from curation.imports import look as inbox
from curation.imports import work as imports
from curation.imports.look import Asked, Look
from curation.imports.work import IMPORT, LOOK, UNCHANGED
from curation.pages.inbox import form, plan_table, report_view, state
from registry.app import work_progress
from registry.store import Registry
from registry.tables import Work
from registry.vocabulary.display import escape_markdown, format_count
from registry.work import files, queue
from registry.work.rows import FINISHED, UNDER_WAY

_TABLE = "plan table"


def render(registry: Registry) -> None:
    """Draw the page."""
    st.title("Inbox")
    work, looked = queue.find_shown(registry, IMPORT), queue.find_shown(registry, LOOK)
    if work is not None and work.state in UNDER_WAY:
        state.follow(registry, work)
    elif looked is not None and looked.state in UNDER_WAY:
        work_progress.follow(registry, looked, "Nothing is written.")
    elif work is not None:
        _imported(registry, work, looked)
    elif looked is None or (looked.state != FINISHED and not looked.inputs["whole"]):
        form.draw(registry, looked)
    else:
        _ended(registry, looked)
    report_view.earlier(registry)


def _imported(registry: Registry, work: Work, looked: Work | None) -> None:
    """How an import ended; one that changed nothing can be tried again with what was looked at for it."""
    _head(registry, work)
    state.ended(registry, work)
    if work.state == FINISHED:
        queue.put_away(registry, LOOK)  # it may hold descriptions as people typed them
    elif looked is not None and (look := _look_for(registry, work, looked)) is not None:
        _found(registry, looked, look)
    else:
        st.button("Look at it again", type="primary", icon=":material/search:", on_click=_again, args=(registry, work))


def _look_for(registry: Registry, work: Work, looked: Work) -> Look | None:
    """What was found when somebody looked at this import's delivery; None when that was put away."""
    same = all(work.inputs[key] == looked.inputs[key] for key in ("recipe", "source"))
    return files.read_found(registry, looked.work_id) if same else None


def _ended(registry: Registry, looked: Work) -> None:
    """What a look found."""
    _head(registry, looked)
    if looked.state != FINISHED:
        work_progress.explain_end(looked)
        st.caption(UNCHANGED)
    look: Look | None = files.read_found(registry, looked.work_id)
    if look is not None:
        _found(registry, looked, look)


def _head(registry: Registry, work: Work) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{escape_markdown(work.inputs['source'])}** by the recipe {escape_markdown(work.inputs['recipe'])}"
        )
        st.button("Another delivery", icon=":material/arrow_back:", on_click=imports.put_away, args=(registry,))


def _again(registry: Registry, work: Work) -> None:
    """Back to the form: a table of Patient IDs, which nobody keeps, has to be named anew."""
    form.fill(Asked(work.inputs["recipe"], Path(work.inputs["source"])))
    imports.put_away(registry)


def _found(registry: Registry, looked: Work, look: Look) -> None:
    """What a look found, and for DICOM its plan, which stays on the page until it could be followed."""
    if look.planned is not None:
        _plan(registry, looked, look)
    if (rehearsal := look.rehearsal) is None:
        report_view.refused(inbox.outside(look.planned) if look.planned else (), "looked")
        return
    report_view.arriving(rehearsal)
    if look.planned is None and st.button(
        "Import", type="primary", icon=":material/move_to_inbox:", disabled=not rehearsal.new_files
    ):
        _import(registry, look)
    report_view.show(rehearsal.report, "looked")


def _plan(registry: Registry, looked: Work, look: Look) -> None:
    """The table of names; what was written into it is kept with the look, for when the page is left and come back to.

    While the table is on the page it has to be given the same rows: Streamlit keeps what was edited as differences.
    """
    key = f"plan {st.session_state.setdefault(_TABLE, 0)}"
    if key not in st.session_state:
        st.session_state["plan shown"] = look.planned
    corrected = plan_table.edit(st.session_state["plan shown"], key)
    planned = replace(st.session_state["plan shown"], rows=corrected.rows)
    if planned != look.planned:
        look = replace(look, planned=planned)
        files.keep(registry, looked.work_id, look)
    waiting = _why_not(corrected.problems)
    with st.container(horizontal=True):
        if st.button(
            "Import by this plan", type="primary", icon=":material/move_to_inbox:", disabled=bool(waiting), help=waiting
        ):
            _import(registry, look)
        if st.button(
            "Try the conversion first",
            icon=":material/science:",
            disabled=bool(waiting),
            help=waiting or "Converts and checks every series, then throws the result away.",
        ):
            work_progress.begin(lambda: imports.start_look(registry, replace(look, rehearsal=None)))
        if any(row.keep == "ask" for row in corrected.rows):
            st.button(
                "Leave out all that wait",
                icon=":material/do_not_disturb_on:",
                on_click=_leave_out,
                args=(registry, looked),
                help="Writes no into every line that waits for yes or no.",
            )


def _leave_out(registry: Registry, looked: Work) -> None:
    """A new table, for the old one would put its edits over the lines again."""
    look: Look | None = files.read_found(registry, looked.work_id)
    if look is not None and look.planned is not None:
        files.keep(registry, looked.work_id, replace(look, planned=inbox.without_waiting(look.planned)))
    st.session_state[_TABLE] += 1


def _why_not(problems: tuple[str, ...]) -> str | None:
    return f"{format_count(len(problems), 'thing')} to settle first, see below the table." if problems else None


def _import(registry: Registry, look: Look) -> None:
    rows = look.planned.rows if look.planned else ()
    work_progress.begin(lambda: imports.start(registry, look.asked, rows))
