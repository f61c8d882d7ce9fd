"""The page Outliers: a measure by site, the findings, the image beside them, and what to do about it."""

from __future__ import annotations

import streamlit as st

from curation import checks
from curation.checks import Measure, outliers
from curation.checks.work import CHECK
from curation.pages.outliers import charts, table, view
from curation.pages.outliers.table import CHANNEL, MEASURE, UNIT
from registry.app import decisions, work_progress
from registry.catalog import Catalog
from registry.store import Registry
from registry.vocabulary.display import format_count, format_number
from registry.work import queue
from registry.work.rows import UNDER_WAY


def render(registry: Registry) -> None:
    """Draw the page; `?unit=` chooses what is looked at."""
    st.title("Outliers")
    catalog = Catalog.of(registry)
    known = outliers.coverage(catalog)
    _summary(known)
    running = _check(registry, known)
    decisions.show_outcome()
    if not known.images:
        st.info("This registry holds no images yet. Bring a delivery in first.")
        return
    if not known.checked:
        if not running:
            st.info("No image was checked yet. Check them here, or on the command line:")
            st.code("cohortium check run", language="shell")
        return
    everything = checks.list_findings(registry, checks.Wanted(state=None))
    left, right = st.columns((5, 4), gap="large")
    with left:
        measure = _plot(catalog)
        shown = table.draw(registry, everything)
    with right:
        unit = _choose_unit(shown)
        if unit is None:
            st.info("Nothing is chosen. Click a point of the plot to look at its image.")
            return
        view.look(catalog, unit, measure)
        view.decide(registry, catalog, unit, [row for row in everything if row["unit"] == unit])


def _summary(known: outliers.Coverage) -> None:
    still = known.states.get("open", 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not known.checked:
            st.badge(f"{format_count(known.images, 'image')} not checked yet", color="gray")
            return
        st.badge(f"{format_count(still, 'open finding')}", icon=":material/flag:", color="orange" if still else "green")
        st.badge(f"{format_number(known.states.get('acknowledged', 0))} acknowledged", color="gray")
        colour = "gray" if known.measured == known.images else "orange"
        st.badge(f"{format_number(known.measured)} of {format_count(known.images, 'image')} measured", color=colour)  # type: ignore[arg-type]


def _check(registry: Registry, known: outliers.Coverage) -> bool:
    """Draw the check of all images, which goes on when the page is closed; return whether it is under way."""
    work = queue.find_shown(registry, CHECK)
    if work is not None and work.state in UNDER_WAY:
        work_progress.follow(registry, work, "You may close this page. Images that were measured are not read again.")
        return True
    if work is not None:
        work_progress.explain_end(work)
    if st.button(
        "Check all images",
        icon=":material/troubleshoot:",
        disabled=not known.images,
        type="primary" if known.measured < known.images else "secondary",
        help="Reads every image that was not read yet, then compares all of them.",
    ):
        work_progress.begin(lambda: queue.start(registry, CHECK, "Checking images", {}))
    return False


def _plot(catalog: Catalog) -> Measure:
    """Draw the strip plot and return its measure; a click chooses an image."""
    first, second = st.columns(2)
    known = outliers.channels(catalog)
    if st.session_state.get(CHANNEL) not in (None, *known):
        del st.session_state[CHANNEL]
    titles = {item.name: item for item in checks.MEASURES}
    name = second.selectbox("Measure", list(titles), key=MEASURE, format_func=lambda key: titles[key].title)
    measure = titles[name]
    channel = first.selectbox("Channel", known, key=CHANNEL)
    rows = outliers.values(catalog, channel, measure) if channel else []
    st.caption(measure.about)
    if not rows:
        st.info("No image of this channel has a value to draw.")
        return measure
    chart = charts.strip(rows, measure, _wanted_unit())
    st.altair_chart(chart, width="stretch", on_select=_choose_clicked, key="outlier_plot")
    return measure


def _choose_clicked() -> None:
    points = st.session_state["outlier_plot"].selection.get("image") or []
    if points and points[0].get("path"):
        st.session_state[UNIT] = points[0]["path"]


def _wanted_unit() -> str | None:
    """The unit that was clicked last, else that of the address."""
    return st.session_state.get(UNIT) or st.query_params.get("unit")


def _choose_unit(units: list[str]) -> str | None:
    """Draw the choice of the unit: the one clicked last, else that of the address, else the first of the list."""
    options = list(units)
    wanted = _wanted_unit()
    if wanted and wanted not in options:
        options.insert(0, wanted)
    if not options:
        return None
    if UNIT not in st.session_state:
        st.session_state[UNIT] = wanted or options[0]
    return st.selectbox("Looked at", options, key=UNIT, format_func=view.in_words)
