"""What a person decides on a page: it is made, the page is drawn anew and says so. Exclusions have fields for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from registry.app import shell
from registry.catalog import units
from registry.cohorts import exclusions
from registry.errors import CohortiumError
from registry.store import Registry
from registry.vocabulary.display import plain, words

_TOLD = "decision told"
_ANOTHER = "another reason"
"""No code, because of its blank."""


@dataclass(frozen=True)
class Asked:
    """Why something shall be left out, as it was entered; an empty reason is refused when it is excluded."""

    reason: str
    comment: str | None


def told() -> None:
    """Say what was decided before this drawing, once; nothing where nothing was."""
    if sentence := st.session_state.pop(_TOLD, None):
        st.success(sentence, icon=":material/check_circle:")


def make(change: Callable[[], object], sentence: str) -> None:
    """Make a change, then draw the page anew, so that every table knows of it.

    Args:
        change: may be refused, which is explained here and leaves everything as it was.
        sentence: what `told` says then.
    """
    try:
        change()
    except CohortiumError as error:
        shell.explain(error)
        return
    st.session_state[_TOLD] = sentence
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
        format_func=words,
        placeholder="Choose one",
    )
    if reason == _ANOTHER:
        typed = st.text_input("The other reason", key=f"{key} other reason", placeholder="scanned after surgery")
        reason = "-".join(typed.lower().split())
        st.caption(f"Kept as the code {plain(reason)}, also in manifests." if reason else "A few words.")
    comment = st.text_input("Comment (optional)", key=f"{key} comment", placeholder="one line for people")
    return Asked(reason or "", comment.strip() or None)


def exclude(registry: Registry, unit: str, asked: Asked) -> None:
    """Leave a unit out; it then waits for a second reader."""
    make(
        lambda: exclusions.exclude(registry, unit, asked.reason, asked.comment),
        f"{units.in_words(unit)} is excluded: {words(asked.reason)}. It waits for a second reader.",
    )
