"""The charts of curation's pages. Data in, chart out; nothing is asked here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from registry.overview import STATES
from registry.viewer import CONSENSUS_COLOUR, rater_colour
from registry.wording import visit

Row = dict[str, Any]

_HEIGHT = 190
_STATE_COLOURS = ("#8A94A055", "#D55E00", "#B9D3EA", "#6FA3CF", "#2F6690")
_STATE_NAMES = {
    "no session": "no visit", "no image": "image missing", "image": "image", "read": "image, readings",
    "consensus": "image, readings, consensus",
}  # fmt: skip


def bars(rows: Sequence[Row], category: str, value: str, by: str, titles: tuple[str, str, str]) -> alt.Chart:
    """Stacked horizontal bars.

    Args:
        rows: with the three columns named next.
        category: of the bars.
        value: their length, a count.
        by: what a bar is divided into.
        titles: of category, value and division.
    """
    names = dict(zip((category, value, by), titles, strict=True))
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=_HEIGHT)
        .mark_bar(cornerRadius=2, stroke=None)
        .encode(
            y=alt.Y(f"{category}:N", title=None, axis=alt.Axis(labelLimit=160, ticks=False, domain=False)),
            x=alt.X(f"sum({value}):Q", title=names[value], axis=alt.Axis(tickMinStep=1, format=",d")),
            color=alt.Color(f"{by}:N", title=names[by], legend=alt.Legend(orient="top", title=None, offset=4)),
            tooltip=[
                alt.Tooltip(f"{category}:N", title=names[category]),
                alt.Tooltip(f"{by}:N", title=names[by]),
                alt.Tooltip(f"sum({value}):Q", title=names[value], format=",d"),
            ],
        )
    )
    return chart


def timeline(rows: Sequence[Row]) -> alt.Chart:
    """Histogram of the days between the baseline and each visit, by centre."""
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=_HEIGHT)
        .mark_bar(stroke=None)
        .encode(
            x=alt.X("day:Q", bin=alt.Bin(maxbins=40), title="Days from baseline", axis=alt.Axis(format=",d")),
            y=alt.Y("count():Q", title="Sessions", axis=alt.Axis(tickMinStep=1, format=",d")),
            color=alt.Color("site:N", title="Site", legend=alt.Legend(orient="top", title=None, offset=4)),
            tooltip=[
                alt.Tooltip("day:Q", bin=alt.Bin(maxbins=40), title="Days"),
                alt.Tooltip("site:N", title="Site"),
                alt.Tooltip("count():Q", title="Sessions", format=",d"),
            ],
        )
    )
    return chart


def matrix(cells: Sequence[Row]) -> alt.Chart:
    """Subjects by session and channel, coloured by what is there; a click selects a subject and a session."""
    values = [{**cell, "column": f"{visit(cell['session'])} · {cell['channel']}",
               "shown": _STATE_NAMES[cell["state"]]} for cell in cells]  # fmt: skip
    columns = len({value["column"] for value in values}) or 1
    scale = alt.Scale(domain=[_STATE_NAMES[state] for state in STATES], range=list(_STATE_COLOURS))
    legend = alt.Legend(orient="top", title=None, columns=5, labelLimit=240)
    angle = -35 if columns > 7 else 0
    across = alt.Axis(orient="top", labelAngle=angle, labelLimit=140, ticks=False, domain=False)
    down = alt.Axis(ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=values), width=alt.Step(max(26, min(110, 760 // columns))), height=alt.Step(19))
        .mark_rect(cornerRadius=3)
        .encode(
            x=alt.X("column:N", title=None, axis=across, scale=alt.Scale(paddingInner=0.06)),
            y=alt.Y("subject:N", title=None, axis=down, scale=alt.Scale(paddingInner=0.14)),
            color=alt.Color("shown:N", scale=scale, legend=legend),
            tooltip=[
                alt.Tooltip("subject:N", title="Subject"), alt.Tooltip("column:N", title="Visit · channel"),
                alt.Tooltip("site:N", title="Site"), alt.Tooltip("day:Q", title="Days from baseline", format=",d"),
                alt.Tooltip("shown:N", title="There is"), alt.Tooltip("images:Q", title="Images"),
                alt.Tooltip("readings:Q", title="Readings"), alt.Tooltip("consensus:Q", title="Consensus masks"),
            ],
        )
        .add_params(alt.selection_point("cell", fields=["subject", "session"]))
    )  # fmt: skip
    return chart


def growth(rows: Sequence[Row], raters: Sequence[str]) -> alt.Chart:
    """Marked volume (mL) of each reader over the days from baseline."""
    readers = [*raters, "consensus"]
    colours = [*(rater_colour(index) for index in range(len(raters))), CONSENSUS_COLOUR]
    shown = {row["reader"] for row in rows}
    known = [(reader, colour) for reader, colour in zip(readers, colours, strict=True) if reader in shown]
    scale = alt.Scale(domain=[reader for reader, _ in known], range=[colour for _, colour in known])
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=240)
        .mark_line(point=alt.OverlayMarkDef(size=55, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title="Days from baseline", axis=alt.Axis(format=",d")),
            y=alt.Y("volume_ml:Q", title="Marked volume (mL)"),
            color=alt.Color("reader:N", scale=scale, legend=alt.Legend(orient="top", title=None, columns=5)),
            strokeDash=alt.condition("datum.reader == 'consensus'", alt.value([6, 3]), alt.value([1, 0])),
            tooltip=[
                alt.Tooltip("reader:N", title="Reader"), alt.Tooltip("day:Q", title="Days from baseline", format=",d"),
                alt.Tooltip("volume_ml:Q", title="Volume (mL)", format=".2f"),
            ],
        )
    )  # fmt: skip
    return chart


def parts(rows: Sequence[Row], value: str) -> alt.Chart:
    """Stacked bars of persons or samples per part, divided by site and class.

    Args:
        rows: with `part`, `group` and the column named next.
        value: `persons` or `samples`.
    """
    order = list(dict.fromkeys(row["part"] for row in rows))
    axis = alt.Axis(ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=150)
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("part:N", title=None, sort=order, axis=axis),
            x=alt.X(f"sum({value}):Q", title=value.capitalize(), axis=alt.Axis(tickMinStep=1, format=",d")),
            color=alt.Color("group:N", legend=alt.Legend(orient="top", title=None, columns=4, labelLimit=200)),
            tooltip=[
                alt.Tooltip("part:N", title="Part"), alt.Tooltip("group:N", title="Site · class"),
                alt.Tooltip(f"sum({value}):Q", title=value.capitalize(), format=",d"),
            ],
        )
    )  # fmt: skip
    return chart
