"""The page Inbox: look at a delivery before anything is written, import it, and read reports of earlier imports."""

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
        _show_import(registry, work, looked)
    elif looked is None or (looked.state != FINISHED and not looked.inputs["whole"]):
        form.draw(registry, looked)
    else:
        _show_look(registry, looked)
    report_view.earlier(registry)


def _show_import(registry: Registry, work: Work, looked: Work | None) -> None:
    """Draw how an import ended; one that changed nothing can be tried again with the result of its look."""
    _draw_head(registry, work)
    state.show_end(registry, work)
    if work.state == FINISHED:
        queue.put_away(registry, LOOK)  # its result may hold descriptions as people typed them
    elif looked is not None and (look := _find_look(registry, work, looked)) is not None:
        _show_found(registry, looked, look)
    else:
        st.button(
            "Look at it again", type="primary", icon=":material/search:", on_click=_go_back, args=(registry, work)
        )


def _find_look(registry: Registry, work: Work, looked: Work) -> Look | None:
    """The result of the look at this import's delivery; None where it was put away."""
    same = all(work.inputs[key] == looked.inputs[key] for key in ("recipe", "source"))
    return files.read_found(registry, looked.work_id) if same else None


def _show_look(registry: Registry, looked: Work) -> None:
    """Draw how a look ended."""
    _draw_head(registry, looked)
    if looked.state != FINISHED:
        work_progress.explain_end(looked)
        st.caption(UNCHANGED)
    look: Look | None = files.read_found(registry, looked.work_id)
    if look is not None:
        _show_found(registry, looked, look)


def _draw_head(registry: Registry, work: Work) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f"**{escape_markdown(work.inputs['source'])}** by the recipe {escape_markdown(work.inputs['recipe'])}"
        )
        st.button("Another delivery", icon=":material/arrow_back:", on_click=imports.put_away, args=(registry,))


def _go_back(registry: Registry, work: Work) -> None:
    """Go back to the form; a table of Patient IDs has to be named again, because it is never kept."""
    form.fill(Asked(work.inputs["recipe"], Path(work.inputs["source"])))
    imports.put_away(registry)


def _show_found(registry: Registry, looked: Work, look: Look) -> None:
    """Draw the result of a look, and for DICOM its plan, which stays on the page until it can be followed."""
    if look.planned is not None:
        _edit_plan(registry, looked, look)
    if (rehearsal := look.rehearsal) is None:
        report_view.refused(inbox.outside(look.planned) if look.planned else (), "looked")
        return
    report_view.arriving(rehearsal)
    if look.planned is None and st.button(
        "Import", type="primary", icon=":material/move_to_inbox:", disabled=not rehearsal.new_files
    ):
        _import(registry, look)
    report_view.show(rehearsal.report, "looked")


def _edit_plan(registry: Registry, looked: Work, look: Look) -> None:
    """Draw the table of names; what is written into it is kept with the look, for when the page is left.

    While the table is on the page it must get the same rows, because Streamlit keeps the edits as differences.
    """
    key = f"plan {st.session_state.setdefault(_TABLE, 0)}"
    if key not in st.session_state:
        st.session_state["plan shown"] = look.planned
    corrected = plan_table.edit(st.session_state["plan shown"], key)
    planned = replace(st.session_state["plan shown"], rows=corrected.rows)
    if planned != look.planned:
        look = replace(look, planned=planned)
        files.keep(registry, looked.work_id, look)
    waiting = _format_obstacle(corrected.problems)
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
    """Write no into every line that waits, in a new table; the old one would put its edits over the lines again."""
    look: Look | None = files.read_found(registry, looked.work_id)
    if look is not None and look.planned is not None:
        files.keep(registry, looked.work_id, replace(look, planned=inbox.without_waiting(look.planned)))
    st.session_state[_TABLE] += 1


def _format_obstacle(problems: tuple[str, ...]) -> str | None:
    return f"{format_count(len(problems), 'thing')} to settle first, see below the table." if problems else None


def _import(registry: Registry, look: Look) -> None:
    rows = look.planned.rows if look.planned else ()
    work_progress.begin(lambda: imports.start(registry, look.asked, rows))
