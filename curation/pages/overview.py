"""The page Overview, the start page: what the cohort holds, and what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from curation.pages import charts
from registry.app import shell
from registry.catalog import Catalog, overview
from registry.store import Registry
from registry.vocabulary.display import escape_markdown, format_count, format_number, format_visit

_MOST_SUBJECTS = 150
_IN_A_ROW = 4  # cards with their numbers are read whole on a screen of 1024
_HEADLINE: dict[str, str | None] = {
    "persons": "One person can be several subjects: scanned again, or at two centres.",
    "subjects": None,
    "sessions": None,
    "images": None,
    "raters": None,
    "masks": "Accepted masks of one rater each; a consensus is counted on its own.",
    "consensus": "Masks that were computed of several readings, or delivered as the consensus of several raters.",
    "lesions": "Counted in the consensus masks; a lesion counts at each visit.",
}

_TITLES = {"masks": "Readings", "consensus": "Consensus masks"}

_EXPECTED = (
    "Missing is what at least two thirds of the other subjects of the same site and the same source data set have, and "
    "of the same letters in their names (sub-OMSL01, sub-OMSX07 are two parts): a visit, a channel at a visit, a "
    "reading, a consensus. Nothing is expected where these are fewer than three subjects."
)


def render(registry: Registry) -> None:
    """Draw the page."""
    st.title("Overview")
    catalog = Catalog.of(registry)
    known = overview.sites(catalog)
    if not known:
        _empty()
        return
    chosen = st.pills("Sites", known, selection_mode="multi", key="sites", help="No choice shows every site.")
    _numbers(catalog, chosen)
    _charts(catalog, chosen)
    _completeness(overview.completeness(catalog, chosen))


def _empty() -> None:
    st.info("This registry holds no subjects yet. Bring a delivery in, then reload this page.")
    shell.link("inbox", "Open the Inbox")
    st.caption("Or on the command line:")
    st.code("cohortium import bids FOLDER", language="shell")


def _numbers(catalog: Catalog, chosen: Sequence[str]) -> None:
    counts = overview.headline(catalog, chosen)
    for first in range(0, len(_HEADLINE), _IN_A_ROW):
        for column, (name, about) in zip(st.columns(_IN_A_ROW), list(_HEADLINE.items())[first:], strict=False):
            column.metric(_TITLES.get(name, name.capitalize()), format_number(counts[name]), help=about, border=True)
    if left := overview.count_unmeasured(catalog, chosen):
        st.caption(
            f"Not counted: the lesions in {format_count(sum(left.values()), 'consensus mask')} not measured yet. "
            "Measure them with:"
        )
        st.code("\n".join(f"cohortium lesions build --protocol {protocol}" for protocol in left), language="shell")


def _charts(catalog: Catalog, chosen: Sequence[str]) -> None:
    images, sessions = overview.images_by_site(catalog, chosen), overview.sessions_by_site(catalog, chosen)
    classes, days = overview.subjects_by_class(catalog, chosen), overview.visit_days(catalog, chosen)
    names = overview.names(catalog)
    left, right = st.columns(2, gap="medium")
    with left:
        _chart("Images by site and channel", charts.bars(images, "site", "images", "channel", names["channel"]))
        _chart("Subjects by class and radiological status", charts.bars(classes, "class", "subjects", "status"))
    with right:
        _chart("Sessions by site and scanner", charts.bars(sessions, "site", "sessions", "scanner", names["scanner"]))
        if days:
            _chart("Visits over time", charts.timeline(days, names["site"]))
        else:
            st.caption("No visit states its days from baseline.")


def _chart(title: str, chart: Any) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.altair_chart(chart, width="stretch")


def _completeness(cells: list[dict[str, Any]]) -> None:
    st.subheader("Completeness")
    found = overview.gaps(cells)
    st.caption(f"One square is one visit and channel of a subject; click it to open the subject. {_EXPECTED}")
    shown = _most_telling(cells, {row["subject"] for row in found})
    for index, (site, rows) in enumerate(overview.squares(shown, found).items()):
        subjects = len({row["subject"] for row in rows})
        st.markdown(f"**{escape_markdown(site)}** · {format_count(subjects, 'subject')}")
        chart = charts.matrix(rows, with_legend=index == 0)
        _open(st.altair_chart(chart, width="stretch", on_select="rerun", key=f"matrix {site}"))
    _missing(found)


def _most_telling(cells: list[dict[str, Any]], incomplete: set[str]) -> list[dict[str, Any]]:
    """All cells; in a large cohort only those of subjects that lack something."""
    subjects = list(dict.fromkeys(cell["subject"] for cell in cells))
    if len(subjects) <= _MOST_SUBJECTS:
        return cells
    wanted = set([name for name in subjects if name in incomplete][:_MOST_SUBJECTS]) or set(subjects[:_MOST_SUBJECTS])
    kind = "that lack something" if incomplete else "of the cohort"
    st.caption(f"{format_number(len(wanted))} of the {format_count(len(subjects), 'subject')} {kind} are drawn.")
    return [cell for cell in cells if cell["subject"] in wanted]


def _open(event: Any) -> None:
    cells = event.selection.get("cell") if event else None
    if cells:
        shell.go_to("subject", {"subject": cells[0]["subject"], "session": cells[0]["session"]})


def _missing(found: list[dict[str, Any]]) -> None:
    if not found:
        st.success("Nothing that is expected is missing.", icon=":material/check_circle:")
        return
    st.markdown(f"**{format_count(len(found), 'gap')}**")
    rows = [
        {
            "Subject": row["subject"],
            "Visit": format_visit(row["session"]),
            "Channel": row["channel"] or "all",
            "Site": row["site"],
            "Missing": "visit" if row["missing"] == "session" else row["missing"],
        }
        for row in found
    ]
    st.dataframe(rows, hide_index=True, height=shell.table_height(len(rows), 420))
