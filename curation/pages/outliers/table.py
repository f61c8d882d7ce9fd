"""The table of units with findings, behind filters; a chosen row is looked at."""

from __future__ import annotations

from typing import Any

import streamlit as st

from curation import checks
from curation.pages.outliers import view
from registry.app import shell
from registry.store import Registry
from registry.vocabulary.display import format_count

UNIT = "outlier_unit"
"""Key of the unit that is looked at."""
CHANNEL = "outlier_plot_channel"
"""Key of the channel that is drawn."""
MEASURE = "outlier_measure"
"""Key of the measure that is drawn."""
_ALL = "all"

Row = dict[str, Any]


def draw(registry: Registry, everything: list[Row]) -> list[str]:
    """Draw the table of units with findings behind its filters; a chosen row chooses its unit.

    Args:
        registry: the registry.
        everything: its findings of every state, which give the filters their values.

    Returns:
        The units shown, in the order of the table.
    """
    columns = st.columns(4)
    state = columns[0].selectbox("State", [*checks.STATES, _ALL], key="outlier_state", format_func=str.capitalize)
    filters = {
        "code": _filter(columns[1], "Kind", everything, "code"),
        "site": _filter(columns[2], "Site", everything, "site"),
        "channel": _filter(columns[3], "Of channel", everything, "channel"),
    }
    units = _group_by_unit(checks.list_findings(registry, checks.Wanted(None if state == _ALL else state, **filters)))
    st.session_state["outlier rows"] = [
        (unit, rows[0]["channel"], [row["code"] for row in rows]) for unit, rows in units.items()
    ]
    if not units:
        st.success("There is no such finding.", icon=":material/check_circle:")
        return []
    st.caption(
        f"{format_count(sum(map(len, units.values())), 'finding')}, one row for each image, visit or channel. "
        "Choose a row to look at it."
    )
    shown = [
        {
            "What": view.short(unit),
            "Kind": ", ".join(view.kind(row["code"]) for row in rows),
            "Finding": "; ".join(row["message"] for row in rows),
            "Site": rows[0]["site"] or "all",
        }
        for unit, rows in units.items()
    ]
    st.dataframe(
        shown,
        hide_index=True,
        height=shell.table_height(len(shown), 560),
        key="outlier_table",
        on_select=_choose_row,
        selection_mode="single-row",
        column_config={"What": st.column_config.TextColumn(width=170), "Kind": st.column_config.TextColumn(width=130)},
    )
    return list(units)


def _group_by_unit(rows: list[Row]) -> dict[str, list[Row]]:
    """Unit to its findings: units with an error first, then those with the most findings."""
    units: dict[str, list[Row]] = {}
    for row in rows:
        units.setdefault(row["unit"], []).append(row)
    return dict(sorted(units.items(), key=lambda item: (item[1][0]["severity"], -len(item[1]), item[0])))


def _filter(column: Any, title: str, rows: list[Row], name: str) -> str | None:
    options = [_ALL, *sorted({str(row[name]) for row in rows if row[name]})]
    key = f"outlier_{name}"
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    chosen = column.selectbox(title, options, key=key, format_func=view.kind if name == "code" else str)
    return None if chosen == _ALL else str(chosen)


def _choose_row() -> None:
    """Look at the unit of the chosen row, and plot the measure and channel of its findings."""
    chosen, units = st.session_state["outlier_table"].selection.rows, st.session_state.get("outlier rows", [])
    if not chosen or chosen[0] >= len(units):
        return
    unit, channel, codes = units[chosen[0]]
    st.session_state[UNIT] = unit
    st.session_state[CHANNEL] = channel
    if measure := next((item.name for item in checks.MEASURES if item.code in codes), None):
        st.session_state[MEASURE] = measure
