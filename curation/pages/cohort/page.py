"""The page Queries and snapshots: choose or write a query, divide its persons, freeze what it selects."""

from __future__ import annotations

import streamlit as st

from curation.pages.cohort import facet_tab, query_tab, snapshot_tab, split_tab
from registry.store import Registry


def render(registry: Registry) -> None:
    """Draw the page."""
    st.title("Queries and snapshots")
    names = ["1 · Cohort", facet_tab.SQL_TAB, "3 · Split", split_tab.SNAPSHOT_TAB]
    cohort, query, split, snapshot = st.tabs(names, key="step", bind="query-params")
    with cohort:
        facet_tab.render(registry)
    with query:
        query_tab.render(registry)
    with split:
        split_tab.render(registry)
    with snapshot:
        snapshot_tab.render(registry)
