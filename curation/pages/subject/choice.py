"""The choice of subject, visit and image on the page Subject; the page's address holds each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from registry.catalog.subjects import Scan, Visit
from registry.vocabulary.display import escape_markdown, format_day, format_visit


def subject(known: Sequence[str]) -> str:
    """The chosen subject, with buttons to the next and the previous one (keys j and k)."""
    wanted = st.query_params.get("subject")
    if wanted is not None and wanted not in known:
        st.warning(f"There is no subject '{escape_markdown(wanted)}' in this registry; {known[0]} is shown.")
    _follow_address("subject", known)
    title, choice, back, forth = st.columns((8, 6, 3, 3), vertical_alignment="bottom")
    chosen = choice.selectbox("Subject", known, key="subject", label_visibility="collapsed")
    index = known.index(chosen)
    back.button(
        "Previous",
        shortcut="k",
        width="stretch",
        disabled=index == 0,
        on_click=_choose,
        args=(known[max(index - 1, 0)],),
    )
    forth.button(
        "Next",
        shortcut="j",
        width="stretch",
        disabled=index == len(known) - 1,
        on_click=_choose,
        args=(known[min(index + 1, len(known) - 1)],),
    )
    title.title(chosen)
    return _write_address("subject", chosen)


def visit(visits: Sequence[Visit]) -> Visit | None:
    """The chosen visit; the first one at first."""
    if not visits:
        return None
    named = {item.label or "-": item for item in visits}
    return named[_segments("session", list(named), lambda key: _visit_title(named[key]))]


def scan(scans: Sequence[Scan]) -> Scan | None:
    """The chosen image; at first one that raters have read."""
    if not scans:
        return None
    titles = {item.title: item for item in scans}
    first = next((item.title for item in scans if item.read), scans[0].title)
    return titles[_segments("image", list(titles), str, first)]


def _segments(key: str, options: list[str], name: Callable[[str], str], first: str | None = None) -> str:
    _follow_address(key, options)
    st.session_state.setdefault(key, first or options[0])
    chosen = st.segmented_control(
        key.capitalize(), options, key=key, required=True, format_func=name, wrap=True, label_visibility="collapsed"
    )
    return _write_address(key, chosen or options[0])


def _visit_title(visit: Visit) -> str:
    return f"{format_visit(visit.label)} · {format_day(visit.day)} · {visit.site or 'site not stated'}"


def _choose(subject: str) -> None:
    st.session_state["subject"] = subject


def _follow_address(key: str, options: Sequence[str]) -> None:
    """Take the choice from the address where a link wrote it; at first, the one of the page's last visit.

    Streamlit's own binding was rejected: it writes the title of a choice into the address, not its value.
    """
    wanted, written = st.query_params.get(key), st.session_state.get(f"{key} in address")
    if wanted in options and wanted != written:
        st.session_state[key] = wanted
    elif key not in st.session_state and written in options:
        st.session_state[key] = written
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]


def _write_address(key: str, chosen: str) -> str:
    st.session_state[f"{key} in address"] = st.query_params[key] = chosen
    return chosen
