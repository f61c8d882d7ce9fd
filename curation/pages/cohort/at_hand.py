"""The query and the split that somebody works on, kept while the browser's tab is open.

Streamlit forgets the value of a widget as soon as its page is left; these values belong to no widget.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

_QUERY, _SPLITS = "query at hand", "splits at hand"


def take(query: str, split: str | None = None) -> None:
    """Keep this query, and this split of its persons where one is named."""
    st.session_state[_QUERY] = query
    if split:
        _splits()[query] = split


def query(saved: Sequence[str]) -> str:
    """The query that was kept last, else the first of `saved`, which must not be empty."""
    if st.session_state.get(_QUERY) not in saved:
        st.session_state[_QUERY] = saved[0]
    return str(st.session_state[_QUERY])


def split(of: str, offered: Sequence[str]) -> str:
    """The split that was kept with the query `of`, else the first of `offered`, which must not be empty."""
    if _splits().get(of) not in offered:
        _splits()[of] = offered[0]
    return _splits()[of]


def hold(*keys: str) -> None:
    """Give widgets the values they had before their page was left. Call it in each drawing, before they are drawn."""
    for key in keys:
        if key in st.session_state:
            st.session_state[f"{key} at hand"] = st.session_state[key]
        elif f"{key} at hand" in st.session_state:
            st.session_state[key] = st.session_state[f"{key} at hand"]


def _splits() -> dict[str, str]:
    """Query to the split that was kept with it."""
    held: dict[str, str] = st.session_state.setdefault(_SPLITS, {})
    return held
