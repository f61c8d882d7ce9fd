"""The comparison of two snapshots, in sentences and in tables."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from registry import snapshots
from registry.app import shell
from registry.errors import CohortiumError
from registry.snapshots import diff_text
from registry.store import Registry
from registry.vocabulary.display import escape_markdown


def render(registry: Registry, later: str, titles: Mapping[str, str]) -> None:
    """Draw the choice of an earlier snapshot and what changed from it to `later`.

    Args:
        registry: the registry.
        later: id of the snapshot on the page.
        titles: id to title of every snapshot.
    """
    others = [key for key in titles if key != later]
    if not others:
        st.caption("Freeze a second snapshot to see here what changed between the two.")
        return
    before = st.selectbox(
        "What changed since",
        others,
        index=None,
        format_func=titles.__getitem__,
        key="compared_snapshot",
        placeholder="Choose an earlier snapshot",
    )
    if before in others:
        _show(registry, before, later)


def _show(registry: Registry, before: str, later: str) -> None:
    try:
        found = snapshots.compare(registry, before, later)
    except CohortiumError as error:
        shell.explain(error)
        return
    st.markdown("\n".join(f"- {escape_markdown(sentence)}" for sentence in diff_text.sentences(found)))
    for title, rows in diff_text.tables(found).items():
        st.markdown(f"**{title}: {len(rows)}**")
        st.dataframe(rows, hide_index=True)
