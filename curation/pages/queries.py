"""From a question to a frozen cohort: write a query, divide its persons, freeze what it selects."""

from __future__ import annotations

import streamlit as st

from curation.pages import query_tab, snapshot_tab, split_tab
from registry.store import Registry


def render(registry: Registry) -> None:
    """Draw the page."""
    st.title("Queries and snapshots")
    query, split, snapshot = st.tabs(["1 · Query", "2 · Split", "3 · Snapshot"], key="step", bind="query-params")
    with query:
        query_tab.render(registry)
    with split:
        split_tab.render(registry)
    with snapshot:
        snapshot_tab.render(registry)
