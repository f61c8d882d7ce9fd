"""The query and the split that somebody works on, kept for as long as the browser's tab is open.

Streamlit forgets what a widget holds as soon as its page is left; what is kept here is no widget's.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_QUERY, _SPLITS = "query at hand", "splits at hand"


def take(query: str, split: str | None = None) -> None:
    """Go on with this query, and with this split of its persons where one is named."""
    st.session_state[_QUERY] = query
    if split:
        _splits()[query] = split


def query(saved: Sequence[str]) -> str:
    """The query that was taken last; the first of `saved`, of which there is one at least, where none was."""
    if st.session_state.get(_QUERY) not in saved:
        st.session_state[_QUERY] = saved[0]
    return str(st.session_state[_QUERY])


def split(of: str, offered: Sequence[str]) -> str:
    """The split that was taken with the query `of`; the first of `offered`, of which there is one at least, else."""
    if _splits().get(of) not in offered:
        _splits()[of] = offered[0]
    return _splits()[of]


def hold(*keys: str) -> None:
    """Give widgets back what they held before their page was left. Call it before they are drawn, in each drawing."""
    for key in keys:
        if key in st.session_state:
            st.session_state[f"{key} at hand"] = st.session_state[key]
        elif f"{key} at hand" in st.session_state:
            st.session_state[key] = st.session_state[f"{key} at hand"]


def _splits() -> dict[str, str]:
    """Query to the split that was taken with it."""
    held: dict[str, str] = st.session_state.setdefault(_SPLITS, {})
    return held
