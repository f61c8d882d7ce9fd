"""The tab SQL: write a query over the documented views, look at its result, save it."""

from __future__ import annotations

import streamlit as st

from curation.pages.cohort import at_hand
from registry.app import shell
from registry.catalog import Catalog, preview
from registry.catalog.preview import Preview
from registry.cohorts import queries, versioned
from registry.errors import CohortiumError
from registry.store import Registry
from registry.tables import Query
from registry.vocabulary.display import format_count, format_number

_FIRST = "SELECT path FROM images\nWHERE n_consensus > 0"
_TOTALS = ("persons", "subjects", "sessions", "images")


def render(registry: Registry) -> None:
    """Draw the tab."""
    catalog = Catalog.of(registry)
    left, right = st.columns((5, 3), gap="large")
    with left:
        _editor(registry)
        if "ran" in st.session_state:
            _result(registry, catalog, st.session_state["ran"])
    with right:
        _views(catalog)


def _editor(registry: Registry) -> None:
    saved = {f"{query.name}@{query.version}": query.sql for query in versioned.list_all(registry, Query)}
    st.session_state.setdefault("sql", _FIRST)
    st.selectbox(
        "Saved queries",
        list(saved),
        index=None,
        key="saved",
        on_change=_open_saved,
        args=(saved,),
        placeholder="Open a saved query" if saved else "No query is saved yet",
    )
    st.text_area("SQL: one SELECT that returns image paths", key="sql", height=150)
    if st.button("Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter"):
        st.session_state["ran"] = st.session_state["sql"]


def _open_saved(saved: dict[str, str]) -> None:
    chosen = st.session_state["saved"]
    if chosen in saved:
        st.session_state["sql"] = st.session_state["ran"] = saved[chosen]


def _result(registry: Registry, catalog: Catalog, sql: str) -> None:
    try:
        found = preview.preview(catalog, sql)
    except CohortiumError as error:
        shell.explain(error)
        return
    if found.names_images:
        _counts(found)
        _save(registry, sql)
    else:
        st.info("The result has no column `path`, so it names no images and cannot become a cohort.")
    shown = f", the first {format_number(len(found.rows))} shown" if len(found.rows) < found.n_rows else ""
    st.caption(f"{format_count(found.n_rows, 'row')}{shown}")
    st.dataframe(list(found.rows), hide_index=True, height=300)


def _counts(found: Preview) -> None:
    for column, name in zip(st.columns(len(_TOTALS)), _TOTALS, strict=True):
        column.metric(name.capitalize(), format_number(found.totals[name]), border=True)
    st.dataframe([{key.capitalize(): value for key, value in row.items()} for row in found.groups], hide_index=True)


def _save(registry: Registry, sql: str) -> None:
    with st.form("save", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Save this query as", placeholder="flair-3t", key="query_name")
        pressed = st.form_submit_button("Save", icon=":material/save:")
    if pressed:
        try:
            saved = queries.save(registry, name, sql)
        except CohortiumError as error:
            shell.explain(error)
        else:
            reference = f"{saved.name}@{saved.version}"
            st.session_state["split_query"] = reference
            at_hand.take(reference)
            st.success(f"Saved as {saved.name}, version {saved.version}.", icon=":material/check_circle:")


def _views(catalog: Catalog) -> None:
    st.markdown("**What queries can read**")
    for view in preview.list_views(catalog):
        with st.expander(f"`{view.name}`"):
            st.caption(view.about)
            st.dataframe(
                [{"Column": name, "Holds": kind} for name, kind in view.columns],
                hide_index=True,
                height=shell.table_height(len(view.columns), 320),
            )
