"""Look for subjects that may be one person; the search goes on when the page is closed."""

from __future__ import annotations

import streamlit as st

from curation.persons import links
from curation.persons.survey import Survey
from registry.app import work_panel
from registry.store import Registry
from registry.vocabulary.display import counted
from registry.work import jobs
from registry.work.jobs import Job

_DESK = "persons"


def button(registry: Registry, possible: bool) -> None:
    """The button that starts a search; `possible` is False where there are not two subjects."""
    job = jobs.current(registry, _DESK)
    if st.button(
        "Look for new pairs",
        icon=":material/person_search:",
        disabled=not possible or running(job),
        help="By checksums, DICOM series and the look of the images. It merges nobody.",
    ):
        work = Job("propose", "Looking for subjects that may be one person")
        work_panel.begin(registry, _DESK, work, lambda progress: links.propose(registry, progress))


def running(job: Job | None) -> bool:
    """Whether a search is under way."""
    return job is not None and job.running


def outcome(registry: Registry) -> None:
    """How far a search is, or what it found."""
    job = jobs.current(registry, _DESK)
    if job is None:
        return
    if job.running:
        work_panel.follow(job, "You may close this page; what is found waits here.")
    elif job.error is not None:
        work_panel.why(job)
    else:
        _found(job.result)


def forget(registry: Registry) -> None:
    """What the last search found is old news once a pair was decided."""
    jobs.forget(registry, _DESK)


def _found(survey: Survey) -> None:
    if survey.proposals:
        st.success(f"{counted(len(survey.proposals), 'new pair')} to decide.", icon=":material/check_circle:")
    else:
        st.info(
            f"Compared {counted(survey.subjects, 'subject')}: no new pair was found. Pairs that wait or were "
            "decided are not found again.",
            icon=":material/done_all:",
        )
    if survey.skipped:
        with st.expander(f"{counted(len(survey.skipped), 'image')} could not be compared"):
            st.dataframe([{"Image": path, "Why": why} for path, why in survey.skipped], hide_index=True)
