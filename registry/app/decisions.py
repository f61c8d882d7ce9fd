"""Decisions on a page: carry one out, redraw the page and show what was decided; the fields of an exclusion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from registry.app import shell
from registry.catalog import units
from registry.cohorts import exclusions
from registry.errors import CohortiumError
from registry.store import Registry
from registry.vocabulary.display import escape_markdown, format_code

_OUTCOME = "decision outcome"
_ANOTHER = "another reason"
"""The last entry of the list of reasons. It can never be the code of a reason, because a code has no blank."""


@dataclass(frozen=True)
class ExclusionReason:
    """Why something shall be left out, as it was entered; `exclude` refuses an empty reason."""

    code: str
    comment: str | None


def show_outcome() -> None:
    """Show, once, what was decided before this drawing of the page; draw nothing where nothing was."""
    if sentence := st.session_state.pop(_OUTCOME, None):
        st.success(sentence, icon=":material/check_circle:")


def carry_out(change: Callable[[], object], sentence: str) -> None:
    """Carry out a change, then redraw the page, so that every table knows of it.

    Args:
        change: does it; a `CohortiumError` is explained here and leaves everything as it was.
        sentence: what `show_outcome` shows afterwards.
    """
    try:
        change()
    except CohortiumError as error:
        shell.explain(error)
        return
    st.session_state[_OUTCOME] = sentence
    st.rerun()


def ask_why(registry: Registry, key: str) -> ExclusionReason:
    """Draw the fields of an exclusion and return what was entered; `key` names the fields on their page.

    Call it outside of a form, in which no field can appear later. A new reason is typed in a field of its own, so that
    none is made by typing half of a known one.
    """
    reason = st.selectbox(
        "Reason",
        [*exclusions.known_reasons(registry), _ANOTHER],
        index=None,
        key=f"{key} reason",
        format_func=format_code,
        placeholder="Choose one",
    )
    if reason == _ANOTHER:
        typed = st.text_input("The other reason", key=f"{key} other reason", placeholder="scanned after surgery")
        reason = "-".join(typed.lower().split())
        st.caption(f"Kept as the code {escape_markdown(reason)}, also in manifests." if reason else "A few words.")
    comment = st.text_input("Comment (optional)", key=f"{key} comment", placeholder="one line for people")
    return ExclusionReason(reason or "", comment.strip() or None)


def exclude(registry: Registry, unit: str, reason: ExclusionReason) -> None:
    """Leave a unit out; the exclusion then waits for a second rater.

    Args:
        registry: the registry to change.
        unit: a person, subject, session or image, as `units` names it.
        reason: as `ask_why` returned it.
    """
    carry_out(
        lambda: exclusions.exclude(registry, unit, reason.code, reason.comment),
        f"{units.in_words(unit)} is excluded: {format_code(reason.code)}. It waits for a second rater.",
    )
