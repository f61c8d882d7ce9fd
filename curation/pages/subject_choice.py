"""Which subject, visit and image the subject page shows; each is also in the page's address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from registry.subjects import Scan, Visit
from registry.wording import day, plain
from registry.wording import visit as visit_name


def subject(known: Sequence[str]) -> str:
    """The chosen subject, with buttons to the next and the previous one (keys j and k)."""
    asked = st.query_params.get("subject")
    if asked is not None and asked not in known:
        st.warning(f"There is no subject '{plain(asked)}' in this registry; {known[0]} is shown.")
        st.query_params.pop("subject")
    _forget_unknown("subject", known)
    title, choice, back, forth = st.columns((6, 3, 1, 1), vertical_alignment="bottom")
    with choice:
        chosen = st.selectbox("Subject", known, key="subject", bind="query-params", label_visibility="collapsed")
    place = known.index(chosen)
    back.button("Previous", shortcut="k", width="stretch", disabled=place == 0,
                on_click=_choose, args=(known[max(place - 1, 0)],))  # fmt: skip
    forth.button("Next", shortcut="j", width="stretch", disabled=place == len(known) - 1,
                 on_click=_choose, args=(known[min(place + 1, len(known) - 1)],))  # fmt: skip
    title.title(chosen)
    return chosen


def visit(visits: Sequence[Visit]) -> Visit | None:
    """The chosen visit; the first one at first."""
    if not visits:
        return None
    named = {item.label or "-": item for item in visits}
    _forget_unknown("session", list(named))
    if len(visits) == 1:
        return visits[0]
    label = st.segmented_control("Visit", list(named), key="session", bind="query-params", required=True,
                                 default=next(iter(named)), label_visibility="collapsed",
                                 format_func=lambda key: _visit_title(named[key]))  # fmt: skip
    return named.get(label or "", visits[0])


def scan(scans: Sequence[Scan]) -> Scan | None:
    """The chosen image; first the one that was read."""
    if not scans:
        return None
    titles = {item.title: item for item in scans}
    _forget_unknown("image", list(titles))
    if len(scans) == 1:
        return scans[0]
    title = st.segmented_control("Image", list(titles), key="image", bind="query-params", required=True,
                                 default=next(iter(titles)), label_visibility="collapsed")  # fmt: skip
    return titles.get(title or "", scans[0])


def _visit_title(visit: Visit) -> str:
    return f"{visit_name(visit.label)} · {day(visit.day)} · {visit.site or 'site not stated'}"


def _choose(subject: str) -> None:
    st.session_state["subject"] = subject


def _forget_unknown(key: str, known: Sequence[str]) -> None:
    """A choice made for another subject, which this one does not have."""
    if st.session_state.get(key) not in (None, *known):
        del st.session_state[key]
    if st.query_params.get(key) not in (None, *known):
        st.query_params.pop(key)
