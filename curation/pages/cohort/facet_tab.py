"""The tab Cohort: facets to tick with live counts, the images that remain, and the SQL of the filters."""

from __future__ import annotations

import streamlit as st

from curation.pages import charts
from curation.pages.cohort import at_hand, facet_widgets, left_out
from registry.app import shell
from registry.catalog import Catalog, facets
from registry.catalog.facets import Counts, Filter
from registry.cohorts import queries
from registry.errors import CohortiumError
from registry.store import Registry
from registry.vocabulary.display import escape_markdown, format_number

SQL_TAB = "2 · SQL"
_STICKY = "cohort-left-over"
_STICKY_STYLE = f"""<style>@media (min-width: 641px) {{ [data-testid="stColumn"]:has(.st-key-{_STICKY}) {{
    position: sticky; top: 3rem; align-self: flex-start; max-height: calc(100vh - 4rem); overflow-y: auto;
}} }}</style>"""
"""The counts stay in sight beside facets that are longer than the window; on windows up to 640 px, where Streamlit puts
columns below each other, they scroll with the page."""

_TOTALS = ("persons", "subjects", "sessions", "images")


@st.fragment
def render(registry: Registry) -> None:
    """Draw the tab; a tick redraws only this tab."""
    if st.session_state.pop("leave_cohort", False):
        st.rerun()
    left, right = st.columns((2, 5), gap="large")
    filters = facet_widgets.chosen()
    counts = facets.count(Catalog.of(registry), filters)
    sql = facets.sql(filters)
    with left:
        st.button("Clear all", icon=":material/filter_alt_off:", on_click=facet_widgets.clear, disabled=not filters)
        facet_widgets.draw(counts)
    with right, st.container(key=_STICKY):
        st.html(_STICKY_STYLE)
        _draw_counts(counts, filters)
        _draw_sql(sql)
        _draw_form(registry, sql)
        if counts.totals["images"] and st.toggle("Show what a snapshot would leave out", key="cohort_effects"):
            left_out.draw(registry, sql)


def _draw_counts(counts: Counts, filters: tuple[Filter, ...]) -> None:
    for column, name in zip(st.columns(len(_TOTALS)), _TOTALS, strict=True):
        column.metric(name.capitalize(), format_number(counts.totals[name]), border=True)
    st.caption(_format_filters(filters) or "Every image of the registry. Tick what the cohort shall hold.")
    if not counts.totals["images"]:
        empty = "This registry holds no images yet. Bring a delivery in first."
        st.info("No image has all of this. Untick something." if filters else empty)
        return
    rows = [dict(row) for row in counts.groups]
    classes = [str(choice.value) for choice in counts.choices["class"] if choice.value]
    for column, value in zip(st.columns(2), ("images", "persons"), strict=True):
        column.altair_chart(charts.bars(rows, "site", value, "class", classes), width="stretch")


def _format_filters(filters: tuple[Filter, ...]) -> str:
    """`Channel: FLAIR · Age at baseline: 18 to 65 years, or not stated`."""
    return escape_markdown(" · ".join(facets.format_filter(item) for item in filters))


def _draw_sql(sql: str) -> None:
    st.session_state["facet_sql"] = sql
    with st.expander("As SQL", icon=":material/code:"):
        st.text_area(
            "The SQL that these filters write. Edit it, and you go on in the next tab.",
            key="facet_sql",
            height=68 + 24 * sql.count("\n"),
            on_change=_go_on_in_sql,
        )


def _go_on_in_sql() -> None:
    st.session_state["sql"] = st.session_state["ran"] = st.session_state["facet_sql"]
    st.session_state["step"] = SQL_TAB
    st.session_state["leave_cohort"] = True


def _draw_form(registry: Registry, sql: str) -> None:
    with st.form("save_cohort", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Save this cohort as", placeholder="flair-3t", key="cohort_name")
        pressed = st.form_submit_button("Save the cohort", type="primary", icon=":material/save:")
    if pressed:
        _save_query(registry, name, sql)
    if message := st.session_state.pop("cohort_saved", None):
        st.success(message, icon=":material/check_circle:")


def _save_query(registry: Registry, name: str, sql: str) -> None:
    try:
        with st.spinner("Saving the cohort"):
            saved = queries.save(registry, name, sql)
    except CohortiumError as error:
        shell.explain(error)
        return
    reference = f"{saved.name}@{saved.version}"
    st.session_state["split_query"] = reference
    at_hand.take(reference)
    st.session_state["cohort_saved"] = f"Saved as {saved.name}, version {saved.version}. Next: split its persons."
    st.rerun()
