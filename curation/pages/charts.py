"""The charts of curation's pages. Data in, chart out; nothing is asked here."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence
from typing import Any

import altair as alt

from registry.overview import SHOWN
from registry.viewer import rater_colour
from registry.wording import visit

Row = dict[str, Any]

_LOW = 200
_LETTER, _NARROW = 6.5, 440  # pixels of a letter, and of a chart beside its labels on a screen of 1024
_CONSENSUS_LINE = "#C4B000"  # the yellow of the viewer, darker: it must be seen on white
_STATUS_COLOURS = {
    "normal": "#009E73",
    "incidental lesions": "#E69F00",
    "pathological": "#D55E00",
    "not stated": "#8A94A0",
}
_SHOWN_COLOURS = ("#8A94A033", "#D55E00", "#B9D3EA", "#6FA3CF", "#2F6690")
_SHOWN_NAMES = {
    "none": "none", "missing": "missing", "image": "image", "read": "with readings", "consensus": "with consensus",
}  # fmt: skip


def bars(rows: Sequence[Row], category: str, value: str, by: str) -> alt.Chart:
    """Stacked horizontal bars.

    Args:
        rows: with the three columns named next.
        category: of the bars.
        value: their length, a count.
        by: what a bar is divided into; radiological status has colours of its own.
    """
    names = {name: name.capitalize() for name in (category, value, by)}
    down = alt.Axis(labelLimit=160, ticks=False, domain=False, labelOverlap=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=_bars_height(rows, category))
        .mark_bar(cornerRadius=2, stroke=None)
        .encode(
            y=alt.Y(f"{category}:N", title=None, axis=down, scale=alt.Scale(paddingInner=0.3)),
            x=alt.X(f"sum({value}):Q", title=names[value], axis=_count_axis()),
            color=alt.Color(f"{by}:N", title=names[by], legend=_legend(), scale=_status_scale(by, rows)),
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
        alt.Chart(alt.InlineData(values=list(rows)), height=_LOW)
        .mark_bar(stroke=None)
        .encode(
            x=alt.X("day:Q", bin=alt.Bin(maxbins=40), title="Days from baseline", axis=_count_axis()),
            y=alt.Y("count():Q", title="Sessions", axis=_count_axis()),
            color=alt.Color("site:N", title="Site", legend=_legend()),
            tooltip=[
                alt.Tooltip("day:Q", bin=alt.Bin(maxbins=40), title="Days"),
                alt.Tooltip("site:N", title="Site"),
                alt.Tooltip("count():Q", title="Sessions", format=",d"),
            ],
        )
    )
    return chart


def matrix(cells: Sequence[Row], with_legend: bool) -> alt.Chart:
    """Subjects of one site by session and channel, coloured by what is there; a click selects a subject and a session.

    Args:
        cells: of one site, from `registry.overview.squares`.
        with_legend: also says what the colours mean; of several such charts the first one does.
    """
    values = [{**cell, "column": f"{visit(cell['session'])} · {cell['channel']}",
               "shown": _SHOWN_NAMES[cell["shown"]]} for cell in cells]  # fmt: skip
    scale = alt.Scale(domain=[_SHOWN_NAMES[state] for state in SHOWN], range=list(_SHOWN_COLOURS))
    legend = alt.Legend(orient="top", title=None, direction="horizontal", padding=0, offset=12)
    across = _columns_axis({value["column"] for value in values})
    down = alt.Axis(ticks=False, domain=False, labelOverlap=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=values), height=alt.Step(19))
        .mark_rect(cornerRadius=3)
        .encode(
            x=alt.X("column:N", title=None, axis=across, scale=alt.Scale(paddingInner=0.06)),
            y=alt.Y("subject:N", title=None, axis=down, scale=alt.Scale(paddingInner=0.14)),
            color=alt.Color("shown:N", scale=scale, legend=legend if with_legend else None),
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


def _columns_axis(names: Collection[str]) -> alt.Axis:
    """Labels on two lines, visit and channel, while they fit on a narrow screen; else aslant."""
    longest = max((len(part) for name in names for part in name.split(" · ")), default=0)
    straight = len(names) * longest * _LETTER < _NARROW
    lines = {"labelExpr": "split(datum.label, ' · ')"} if straight else {"labelAngle": -40}
    return alt.Axis(orient="top", labelLimit=220, labelOverlap=False, ticks=False, domain=False,
                    **({"labelAngle": 0} | lines))  # fmt: skip


def lines_axis(names: Collection[str], width: int = _NARROW) -> alt.Axis:
    """Names of any length below a chart, whole: on lines of their own words, aslant where there are many."""
    room = int(width / max(len(names), 1) / _LETTER)
    longest = max((len(word) for name in names for word in name.split()), default=0)
    if room < longest:
        return alt.Axis(labelAngle=-40, labelLimit=260, labelOverlap=False, ticks=False)
    return alt.Axis(labelAngle=0, labelLimit=260, labelOverlap=False, ticks=False, labelExpr=_wrapped(names, room))


def _wrapped(names: Collection[str], room: int) -> str:
    """A label's expression: its name on lines of at most `room` letters."""
    return f"{json.dumps({name: textwrap.wrap(name, room) or [name] for name in sorted(names)})}[datum.label]"


def growth(rows: Sequence[Row], raters: Sequence[str]) -> alt.Chart:
    """Marked volume (mL) of each reader over the days from baseline."""
    readers = [*raters, "consensus"]
    colours = [*(rater_colour(index) for index in range(len(raters))), _CONSENSUS_LINE]
    shown = {row["reader"] for row in rows}
    known = [(reader, colour) for reader, colour in zip(readers, colours, strict=True) if reader in shown]
    scale = alt.Scale(domain=[reader for reader, _ in known], range=[colour for _, colour in known])
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=300)
        .mark_line(point=alt.OverlayMarkDef(size=55, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title="Days from baseline", axis=_count_axis()),
            y=alt.Y("volume_ml:Q", title="Marked volume (mL)", axis=alt.Axis(titlePadding=8)),
            color=alt.Color("reader:N", scale=scale, legend=_legend()),
            strokeDash=alt.condition("datum.reader == 'consensus'", alt.value([6, 3]), alt.value([1, 0])),
            tooltip=[
                alt.Tooltip("reader:N", title="Reader"), alt.Tooltip("day:Q", title="Days from baseline", format=",d"),
                alt.Tooltip("volume_ml:Q", title="Volume (mL)", format=".2f"),
            ],
        )
    )  # fmt: skip
    return chart


def parts(rows: Sequence[Row], value: str, by: str) -> alt.Chart:
    """Stacked bars of persons or samples per part.

    Args:
        rows: with `part` and the two columns named next.
        value: `persons` or `samples`.
        by: what a bar is divided into, `site` or `class`.
    """
    order = list(dict.fromkeys(row["part"] for row in rows))
    axis = alt.Axis(ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=210)
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("part:N", title=None, sort=order, axis=axis),
            x=alt.X(f"sum({value}):Q", title=value.capitalize(), axis=_count_axis()),
            color=alt.Color(f"{by}:N", legend=_legend(2)),
            tooltip=[
                alt.Tooltip("part:N", title="Part"), alt.Tooltip(f"{by}:N", title=by.capitalize()),
                alt.Tooltip(f"sum({value}):Q", title=value.capitalize(), format=",d"),
            ],
        )
    )  # fmt: skip
    return chart


def effects(rows: Sequence[Row]) -> alt.Chart:
    """Bars of the images that each reason leaves out, in the order given.

    Args:
        rows: with `Reason`, `Samples`, `Images` and `Persons`.
    """
    down = alt.Axis(labelLimit=320, ticks=False, domain=False, labelOverlap=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=alt.Step(28))
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("Reason:N", title=None, sort=None, axis=down),
            x=alt.X("Images:Q", title="Images left out", axis=_count_axis()),
            tooltip=[alt.Tooltip("Reason:N"), *(alt.Tooltip(f"{name}:Q", format=",d")
                                                for name in ("Images", "Samples", "Persons"))],
        )
    )  # fmt: skip
    return chart


def _bars_height(rows: Sequence[Row], category: str) -> int:
    return max(_LOW, 90 + 34 * len({row[category] for row in rows}))


def _legend(columns: int = 5) -> alt.Legend:
    return alt.Legend(orient="top", title=None, columns=columns, labelLimit=200, padding=0, offset=10)


def _count_axis() -> alt.Axis:
    return alt.Axis(tickMinStep=1, format=",d", titlePadding=8)


def _status_scale(by: str, rows: Sequence[Row]) -> alt.Scale | alt.UndefinedType:
    """Fixed colours of radiological status, so that green is never the sick."""
    if by != "status":
        return alt.Undefined
    shown = {row[by] for row in rows}
    known = {name: colour for name, colour in _STATUS_COLOURS.items() if name in shown}
    return alt.Scale(domain=list(known), range=list(known.values())) if shown <= set(known) else alt.Undefined
