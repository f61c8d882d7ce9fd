"""The search for subjects that may be one person, which goes on when the page is closed."""

from __future__ import annotations

import streamlit as st

from curation.persons.survey import Survey
from curation.persons.work import SEARCH
from registry.app import work_progress
from registry.store import Registry
from registry.vocabulary.display import format_count
from registry.work import files, queue
from registry.work.rows import FINISHED, UNDER_WAY

_TITLE = "Looking for subjects that may be one person"


def button(registry: Registry, possible: bool) -> None:
    """Draw the button that starts a search; `possible` is False where there are fewer than two subjects."""
    work = queue.find_shown(registry, SEARCH)
    running = work is not None and work.state in UNDER_WAY
    if st.button(
        "Look for new pairs",
        icon=":material/person_search:",
        disabled=not possible or running,
        help="By checksums, DICOM series and the look of the images. It merges nobody.",
    ):
        forget(registry)
        work_progress.begin(lambda: queue.start(registry, SEARCH, _TITLE, {}))


def outcome(registry: Registry) -> None:
    """Draw how far a search is, or what it found; draw nothing where there is none."""
    work = queue.find_shown(registry, SEARCH)
    if work is None:
        return
    if work.state in UNDER_WAY:
        work_progress.follow(registry, work, "You may close this page; what is found waits here.")
    elif work.state != FINISHED:
        work_progress.explain_end(work)
    elif (found := files.read_found(registry, work.work_id)) is not None:
        _draw_found(found)


def forget(registry: Registry) -> None:
    """Put away the result of the last search, which is out of date once a pair was decided."""
    queue.put_away(registry, SEARCH)


def _draw_found(survey: Survey) -> None:
    if survey.proposals:
        st.success(f"{format_count(len(survey.proposals), 'new pair')} to decide.", icon=":material/check_circle:")
    else:
        st.info(
            f"Compared {format_count(survey.subjects, 'subject')}: no new pair was found. Pairs that wait or were "
            "decided are not found again.",
            icon=":material/done_all:",
        )
    if survey.skipped:
        with st.expander(f"{format_count(len(survey.skipped), 'image')} could not be compared"):
            st.dataframe([{"Image": path, "Why": why} for path, why in survey.skipped], hide_index=True)
