"""Decisions on a page: carry one out, draw the page anew, and show what was decided; the fields of an exclusion."""

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

_OUTCOME = "decision told"
_ANOTHER = "another reason"
"""No code, because of its blank."""


@dataclass(frozen=True)
class Asked:
    """Why something shall be left out, as it was entered; an empty reason is refused when it is excluded."""

    reason: str
    comment: str | None


def show_outcome() -> None:
    """Show once what was decided before this drawing of the page; nothing where nothing was."""
    if sentence := st.session_state.pop(_OUTCOME, None):
        st.success(sentence, icon=":material/check_circle:")


def carry_out(change: Callable[[], object], sentence: str) -> None:
    """Carry out a change, then draw the page anew, so that every table knows of it.

    Args:
        change: may be refused, which is explained here and leaves everything as it was.
        sentence: what `show_outcome` shows then.
    """
    try:
        change()
    except CohortiumError as error:
        shell.explain(error)
        return
    st.session_state[_OUTCOME] = sentence
    st.rerun()


def ask_why(registry: Registry, key: str) -> Asked:
    """Draw the fields of an exclusion, outside of a form, in which no field can appear; `key` names them on their page.

    A reason that nobody has used yet has a field of its own, so that none is made by typing half of a known one.
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
    return Asked(reason or "", comment.strip() or None)


def exclude(registry: Registry, unit: str, asked: Asked) -> None:
    """Leave a unit out; it then waits for a second reader."""
    carry_out(
        lambda: exclusions.exclude(registry, unit, asked.reason, asked.comment),
        f"{units.in_words(unit)} is excluded: {format_code(asked.reason)}. It waits for a second reader.",
    )
