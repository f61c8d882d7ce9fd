"""The tab Split: divide the persons of a saved query into training, validation and test."""

from __future__ import annotations

import streamlit as st

from curation.pages import charts
from curation.pages.cohort import at_hand
from registry.app import shell
from registry.catalog import Catalog, overview
from registry.cohorts import composition, leaks, recent, splits
from registry.errors import CohortiumError
from registry.store import Registry
from registry.tables import Split
from registry.vocabulary.display import escape_markdown, format_count

SNAPSHOT_TAB = "4 · Snapshot"
_SHARES = {"Training": 60, "Validation": 20, "Test": 20}


def render(registry: Registry) -> None:
    """Draw the tab."""
    left, right = st.columns((3, 5), gap="large")
    with left:
        made = _form(registry)
    with right:
        _draw_list(registry, made)


def _form(registry: Registry) -> str | None:
    saved = list(recent.saved_queries(registry))
    if not saved:
        st.info("A split divides the persons of a saved query. Save one first.")
        return None
    if st.session_state.get("split_query") not in saved:
        st.session_state["split_query"] = at_hand.query(saved)
    with st.form("split"):
        query = st.selectbox("Persons of the query", saved, key="split_query")
        name = st.text_input("Name of the split", placeholder="by-person", key="split_name")
        columns = st.columns(3)
        shares = [
            column.number_input(f"{label} (%)", 0, 100, value, step=5, key=f"share {label}")
            for column, (label, value) in zip(columns, _SHARES.items(), strict=True)
        ]
        stratify = st.multiselect("Keep the mix of", splits.STRATA, default=["site", "class"])
        seed = st.number_input(
            "Seed", 0, 2**31 - 1, 2026, help="Decides the order of persons. The same seed, the same split."
        )
        pressed = st.form_submit_button("Make the split", type="primary")
    if not pressed:
        return None
    train, validation, test = (share / 100 for share in shares)
    return _make(registry, name, query, splits.SplitRequest((train, validation, test), int(seed), tuple(stratify)))


def _make(registry: Registry, name: str, query: str, request: splits.SplitRequest) -> str | None:
    try:
        with st.spinner("Dividing the persons"):
            made = splits.create(registry, name, query, request)
    except CohortiumError as error:
        shell.explain(error)
        return None
    at_hand.take(made.query, f"{made.name}@{made.version}")
    st.success(f"Split {made.name}, version {made.version}, is made.", icon=":material/check_circle:")
    st.button("Next: freeze a snapshot", icon=":material/ac_unit:", on_click=_go_on)
    return f"{made.name}@{made.version}"


def _go_on() -> None:
    st.session_state["step"] = SNAPSHOT_TAB


def _draw_list(registry: Registry, made: str | None) -> None:
    known = recent.list_splits(registry)
    if not known:
        st.caption("There is no split yet.")
        return
    if made:
        st.session_state["shown_split"] = made
    chosen = st.selectbox("Split", list(known), key="shown_split")
    _show(registry, known[chosen])


def _show(registry: Registry, split: Split) -> None:
    rows = composition.of_split(Catalog.of(registry), split)
    total = sum(row["persons"] for row in rows)
    mix = ", ".join(split.stratify) or "nothing"
    st.caption(
        f"{format_count(total, 'person')} of the query {split.query} · seed {split.seed} · keeps the mix of {mix}"
    )
    names = overview.names(Catalog.of(registry))
    for column, by in zip(st.columns(2), ("site", "class"), strict=True):
        column.altair_chart(charts.parts(rows, "persons", by, names[by]), width="stretch")
    st.dataframe(_pivot(rows), hide_index=True)
    for label, part in composition.absent(rows, "class"):
        st.warning(f"No person of the class {escape_markdown(label)} is in {part}.", icon=":material/person_off:")
    found = leaks.check_split(registry, f"{split.name}@{split.version}")
    if found:
        st.error(
            f"{format_count(len(found), 'leak')}: the same {found[0].kind} is in {found[0].first_part} and "
            f"{found[0].second_part}.",
            icon=":material/error:",
        )
    else:
        st.caption(":material/check_circle: No person and no file is in two parts.")


def _pivot(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of a table with a line for each site and class and a column for each part."""
    table: dict[tuple[object, object], dict[str, object]] = {}
    empty = {str(row["part"]).capitalize(): 0 for row in rows}
    for row in rows:
        key = (row["site"], row["class"])
        line = table.setdefault(key, {"Site": row["site"], "Class": row["class"], **empty})
        line[str(row["part"]).capitalize()] = row["persons"]
    return [table[key] for key in sorted(table, key=str)]
