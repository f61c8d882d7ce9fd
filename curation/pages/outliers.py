"""What is odd in the images: a measure by site, open findings, the image beside them, and what to do about it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation import jobs
from curation.jobs import Job
from curation.pages import decisions, job_progress, outlier_charts, outlier_view
from registry import checks
from registry.catalog import Catalog
from registry.checks import Measure, showing
from registry.errors import CohortiumError
from registry.store import Registry
from registry.viewer import shell
from registry.wording import counted, number

_DESK = "outliers"
_ALL = "all"
_UNIT = "outlier_unit"

Row = dict[str, Any]


def render(registry: Registry) -> None:
    """Draw the page; `?unit=` chooses what is looked at."""
    st.title("Outliers")
    catalog = Catalog.of(registry)
    known = showing.coverage(catalog)
    _summary(known)
    _check(registry, known)
    decisions.told()
    if not known.images:
        st.info("This registry holds no images yet. Bring a delivery in first.")
        return
    if not known.measured and not known.states:
        st.info("No image was checked yet. Check them here, or on the command line:")
        st.code("cohortium check run", language="shell")
        return
    everything = checks.listed(registry, checks.Wanted(state=None))
    left, right = st.columns(2, gap="large")
    with left:
        measure = _plot(catalog)
    below, beside = st.columns((5, 3), gap="large")
    with below:
        shown = _findings(registry, everything)
    with right:
        unit = _chosen(shown)
        if unit is None:
            st.info("Nothing is chosen. Click a point of the plot to look at its image.")
            return
        outlier_view.look(catalog, unit, measure)
    with beside:
        outlier_view.decide(registry, catalog, unit, [row for row in everything if row["unit"] == unit])


def _summary(known: showing.Coverage) -> None:
    still = known.states.get("open", 0)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(f"{counted(still, 'open finding')}", icon=":material/flag:", color="orange" if still else "green")
        st.badge(f"{number(known.states.get('acknowledged', 0))} acknowledged", color="gray")
        colour = "gray" if known.measured == known.images else "orange"
        st.badge(f"{number(known.measured)} of {counted(known.images, 'image')} measured", color=colour)  # type: ignore[arg-type]


def _check(registry: Registry, known: showing.Coverage) -> None:
    """Check the images; the work goes on when the page is closed."""
    job = jobs.current(registry, _DESK)
    if job is not None and job.running:
        job_progress.follow(job, "You may close this page. Images that were measured are not read again.")
        return
    if job is not None and job.error is not None:
        shell.explain(job.error)
    if st.button("Check all images", icon=":material/troubleshoot:", disabled=not known.images,
                 help="Reads every image that was not read yet, then compares all of them."):  # fmt: skip
        try:
            jobs.start(registry, _DESK, Job("check", "Checking images"), lambda tell: checks.run(registry, tell))
        except CohortiumError as error:
            shell.explain(error)
            return
        st.rerun()


def _plot(catalog: Catalog) -> Measure:
    """The strip plot of the chosen channel and measure; a click chooses an image."""
    first, second = st.columns(2)
    known = showing.channels(catalog)
    if st.session_state.get("outlier_plot_channel") not in (None, *known):
        del st.session_state["outlier_plot_channel"]
    titles = {item.name: item for item in checks.MEASURES}
    name = second.selectbox("Measure", list(titles), key="outlier_measure", format_func=lambda key: titles[key].title)
    measure = titles[name]
    channel = first.selectbox("Channel", known, key="outlier_plot_channel")
    rows = showing.values(catalog, channel, measure) if channel else []
    st.caption(measure.about)
    if not rows:
        st.info("No image of this channel has a value to draw.")
        return measure
    chart = outlier_charts.strip(rows, measure, _asked())
    st.altair_chart(chart, width="stretch", on_select=_clicked, key="outlier_plot")
    return measure


def _clicked() -> None:
    points = st.session_state["outlier_plot"].selection.get("image") or []
    if points and points[0].get("path"):
        st.session_state[_UNIT] = points[0]["path"]


def _findings(registry: Registry, everything: list[Row]) -> list[str]:
    """The table of units with findings behind its filters; a chosen row chooses its unit. Returns the units shown."""
    columns = st.columns(4)
    state = columns[0].selectbox("State", [*checks.STATES, _ALL], key="outlier_state", format_func=str.capitalize)
    asked = {"code": _filter(columns[1], "Kind", everything, "code"),
             "site": _filter(columns[2], "Site", everything, "site"),
             "channel": _filter(columns[3], "Of channel", everything, "channel")}  # fmt: skip
    units = _by_unit(checks.listed(registry, checks.Wanted(None if state == _ALL else state, **asked)))
    st.session_state["outlier rows"] = [
        (unit, rows[0]["channel"], [row["code"] for row in rows]) for unit, rows in units.items()
    ]
    if not units:
        st.success("There is no such finding.", icon=":material/check_circle:")
        return []
    st.caption(f"{counted(sum(map(len, units.values())), 'finding')}, one row an image, visit or channel. "
               "Choose a row to look at it.")  # fmt: skip
    shown = [{"What": outlier_view.in_words(unit), "Kind": ", ".join(outlier_view.kind(row["code"]) for row in rows),
              "Finding": "; ".join(row["message"] for row in rows), "Site": rows[0]["site"] or "-"}
             for unit, rows in units.items()]  # fmt: skip
    st.dataframe(shown, hide_index=True, height=min(560, 38 + 35 * len(shown)), key="outlier_table",
                 on_select=_row_chosen, selection_mode="single-row",
                 column_config={"Kind": st.column_config.TextColumn(width="medium")})  # fmt: skip
    return list(units)


def _by_unit(rows: list[Row]) -> dict[str, list[Row]]:
    """Findings of each unit: those with an error first, then those with the most findings."""
    units: dict[str, list[Row]] = {}
    for row in rows:
        units.setdefault(row["unit"], []).append(row)
    return dict(sorted(units.items(), key=lambda item: (item[1][0]["severity"], -len(item[1]), item[0])))


def _filter(place: Any, title: str, rows: list[Row], name: str) -> str | None:
    options = [_ALL, *sorted({str(row[name]) for row in rows if row[name]})]
    key = f"outlier_{name}"
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    chosen = place.selectbox(title, options, key=key, format_func=outlier_view.kind if name == "code" else str)
    return None if chosen == _ALL else str(chosen)


def _row_chosen() -> None:
    """Look at the unit of the row, and draw what was found about it."""
    chosen, units = st.session_state["outlier_table"].selection.rows, st.session_state.get("outlier rows", [])
    if not chosen or chosen[0] >= len(units):
        return
    unit, channel, codes = units[chosen[0]]
    st.session_state[_UNIT] = unit
    st.session_state["outlier_plot_channel"] = channel
    if measure := next((item.name for item in checks.MEASURES if item.code in codes), None):
        st.session_state["outlier_measure"] = measure


def _asked() -> str | None:
    """What was clicked last, or what the address says."""
    return st.session_state.get(_UNIT) or st.query_params.get("unit")


def _chosen(units: list[str]) -> str | None:
    """What is looked at: the last click, what the address says, or the first of the list."""
    options = list(units)
    asked = _asked()
    if asked and asked not in options:
        options.insert(0, asked)
    if not options:
        return None
    if _UNIT not in st.session_state:
        st.session_state[_UNIT] = asked or options[0]
    return st.selectbox("Looked at", options, key=_UNIT, format_func=outlier_view.in_words)
