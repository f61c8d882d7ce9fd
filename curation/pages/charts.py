"""The charts of curation's pages: rows in, chart out, without a query."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence
from typing import Any

import altair as alt

from registry.app import chart_labels, colours
from registry.catalog.overview import SHOWN
from registry.viewer import rater_colour
from registry.vocabulary.display import NOT_STATED, format_visit

Row = dict[str, Any]

_LOW = 200
_CONSENSUS_LINE = "#C4B000"  # the yellow of the viewer, darker: it must be seen on white
_SHOWN_COLOURS = ("#8A94A033", "#D55E00", "#B9D3EA", "#6FA3CF", "#2F6690")
_SHOWN_NAMES = {
    "none": "none",
    "missing": "missing",
    "image": "image",
    "read": "with readings",
    "consensus": "with consensus",
}


def bars(rows: Sequence[Row], category: str, value: str, by: str, known: Sequence[str] = ()) -> alt.Chart:
    """Stacked horizontal bars; every name is shown whole, however long.

    Args:
        rows: rows with the three columns named next.
        category: column with a bar for each value.
        value: column with a count, the length of a bar.
        by: column that divides a bar; radiological status has colours of its own.
        known: every value of `by` in the registry, so that each keeps its colour.
    """
    names = {name: name.capitalize() for name in (category, value, by)}
    beside = {row[category] for row in rows}
    down = alt.Axis(
        labelLimit=220,
        ticks=False,
        domain=False,
        labelOverlap=False,
        labelExpr=chart_labels.wrap(beside, chart_labels.SIDE),
    )
    pieces = sorted({row[by] for row in rows}, key=_sort_key)
    chart: alt.Chart = (
        alt.Chart(
            alt.InlineData(values=list(rows)), height=_bars_height(beside) + chart_labels.legend_height(pieces, beside)
        )
        .mark_bar(cornerRadius=2, stroke=None)
        .encode(
            y=alt.Y(f"{category}:N", title=None, axis=down, scale=alt.Scale(paddingInner=0.3)),
            x=alt.X(f"sum({value}):Q", title=names[value], axis=_count_axis()),
            color=alt.Color(
                f"{by}:N", title=names[by], legend=chart_labels.legend(pieces, beside), scale=_scale(by, pieces, known)
            ),
            tooltip=[
                alt.Tooltip(f"{category}:N", title=names[category]),
                alt.Tooltip(f"{by}:N", title=names[by]),
                alt.Tooltip(f"sum({value}):Q", title=names[value], format=",d"),
            ],
        )
    )
    return chart


def timeline(rows: Sequence[Row], known: Sequence[str] = ()) -> alt.Chart:
    """Histogram of the days between the baseline and each visit, by centre; `known` as in `bars`."""
    sites = sorted({row["site"] for row in rows}, key=_sort_key)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=_LOW + chart_labels.legend_height(sites))
        .mark_bar(stroke=None)
        .encode(
            x=alt.X("day:Q", bin=alt.Bin(maxbins=40), title="Days from baseline", axis=_count_axis()),
            y=alt.Y("count():Q", title="Sessions", axis=_count_axis()),
            color=alt.Color(
                "site:N", title="Site", legend=chart_labels.legend(sites), scale=_scale("site", sites, known)
            ),
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
        cells: squares of one site, from `registry.catalog.overview.squares`.
        with_legend: whether a legend explains the colours; the first of several such charts has one.
    """
    values = [
        {**cell, "column": f"{format_visit(cell['session'])} · {cell['channel']}", "shown": _SHOWN_NAMES[cell["shown"]]}
        for cell in cells
    ]
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
                alt.Tooltip("subject:N", title="Subject"),
                alt.Tooltip("column:N", title="Visit · channel"),
                alt.Tooltip("site:N", title="Site"),
                alt.Tooltip("day:Q", title="Days from baseline", format=",d"),
                alt.Tooltip("shown:N", title="There is"),
                alt.Tooltip("images:Q", title="Images"),
                alt.Tooltip("readings:Q", title="Readings"),
                alt.Tooltip("consensus:Q", title="Consensus masks"),
            ],
        )
        .add_params(alt.selection_point("cell", fields=["subject", "session"]))
    )
    return chart


def _columns_axis(names: Collection[str]) -> alt.Axis:
    """An axis with visit and channel on two lines where they fit on a narrow screen; else aslant on one."""
    longest = max((len(part) for name in names for part in name.split(" · ")), default=0)
    straight = len(names) * longest * chart_labels.LETTER < chart_labels.NARROW
    lines = {"labelExpr": "split(datum.label, ' · ')"} if straight else {"labelAngle": -40}
    return alt.Axis(
        orient="top", labelLimit=220, labelOverlap=False, ticks=False, domain=False, **({"labelAngle": 0} | lines)
    )


def growth(rows: Sequence[Row], raters: Sequence[str]) -> alt.Chart:
    """Lines of the marked volume (mL) of each rater and structure over the days from baseline."""
    known_raters = [*raters, "consensus"]
    colours = [*(rater_colour(index) for index in range(len(raters))), _CONSENSUS_LINE]
    shown = {row["rater"] for row in rows}
    known = [(name, colour) for name, colour in zip(known_raters, colours, strict=True) if name in shown]
    scale = alt.Scale(domain=[name for name, _ in known], range=[colour for _, colour in known])
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=300)
        .mark_line(point=alt.OverlayMarkDef(size=55, filled=True), strokeWidth=2)
        .encode(
            x=alt.X("day:Q", title="Days from baseline", axis=_count_axis()),
            y=alt.Y("volume_ml:Q", title="Marked volume (mL)", axis=alt.Axis(titlePadding=8)),
            color=alt.Color("rater:N", scale=scale, legend=chart_labels.legend([name for name, _ in known])),
            strokeDash=alt.condition("datum.rater == 'consensus'", alt.value([6, 3]), alt.value([1, 0])),
            detail="structure:N",
            tooltip=[
                alt.Tooltip("rater:N", title="Rater"),
                alt.Tooltip("structure:N", title="Structure"),
                alt.Tooltip("day:Q", title="Days from baseline", format=",d"),
                alt.Tooltip("volume_ml:Q", title="Volume (mL)", format=".2f"),
            ],
        )
    )
    return chart


def parts(rows: Sequence[Row], value: str, by: str, known: Sequence[str] = ()) -> alt.Chart:
    """Stacked bars of persons or samples per part.

    Args:
        rows: rows with `part` and the two columns named next.
        value: `persons` or `samples`.
        by: column that divides a bar, `site` or `class`.
        known: as in `bars`.
    """
    names = sorted({row[by] for row in rows}, key=_sort_key)
    order = list(dict.fromkeys(row["part"] for row in rows))
    axis = alt.Axis(ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=_LOW + chart_labels.legend_height(names, order))
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("part:N", title=None, sort=order, axis=axis),
            x=alt.X(f"sum({value}):Q", title=value.capitalize(), axis=_count_axis()),
            color=alt.Color(f"{by}:N", legend=chart_labels.legend(names, order), scale=_scale(by, names, known)),
            tooltip=[
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip(f"{by}:N", title=by.capitalize()),
                alt.Tooltip(f"sum({value}):Q", title=value.capitalize(), format=",d"),
            ],
        )
    )
    return chart


def effects(rows: Sequence[Row]) -> alt.Chart:
    """Bars of the images that each reason leaves out, in the order given.

    Args:
        rows: rows with `Reason`, `Samples`, `Images` and `Persons`.
    """
    down = alt.Axis(labelLimit=320, ticks=False, domain=False, labelOverlap=False)
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=alt.Step(28))
        .mark_bar(cornerRadius=2)
        .encode(
            y=alt.Y("Reason:N", title=None, sort=None, axis=down),
            x=alt.X("Images:Q", title="Images left out", axis=_count_axis()),
            tooltip=[
                alt.Tooltip("Reason:N"),
                *(alt.Tooltip(f"{name}:Q", format=",d") for name in ("Images", "Samples", "Persons")),
            ],
        )
    )
    return chart


def _bars_height(beside: Collection[str]) -> int:
    lines = sum(max(2, len(textwrap.wrap(name, chart_labels.SIDE))) for name in beside)
    return max(120, 60 + 18 * lines)


def _count_axis() -> alt.Axis:
    return alt.Axis(tickMinStep=1, format=",d", titlePadding=8)


def _sort_key(name: str) -> tuple[bool, str]:
    """Sort key of a legend: by name, what is not stated last."""
    return name == NOT_STATED, name.casefold()


def _scale(by: str, shown: Sequence[str], known: Sequence[str]) -> alt.Scale:
    """The scale that colours these names as all known names of the registry are coloured."""
    found = {**colours.of([*known, *shown]), **(colours.of_status() if by == "status" else {})}
    return alt.Scale(domain=list(shown), range=[found[name] for name in shown])
