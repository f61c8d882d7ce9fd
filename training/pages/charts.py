"""The charts of training's pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from training.evaluation.metrics.metric import Column

Row = dict[str, Any]

_PARTS = ["train", "validation", "test"]


def line(rows: Sequence[Row], title: str, *, points: bool = False) -> alt.Chart:
    """A chart of a value over the minutes of training.

    Args:
        rows: dicts with `minutes`, `epoch` and `value`.
        title: name of the value.
        points: whether each measurement is drawn too.
    """
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=list(rows)), height=230)
        .mark_line(point=alt.OverlayMarkDef(size=35, filled=True) if points else False, strokeWidth=2)
        .encode(
            x=alt.X("minutes:Q", title="Minutes of training", axis=alt.Axis(titlePadding=8)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(titlePadding=8)),
            tooltip=[
                alt.Tooltip("minutes:Q", title="Minutes", format=".1f"),
                alt.Tooltip("epoch:Q", title="Epoch"),
                alt.Tooltip("value:Q", title=title, format=".3f"),
            ],
        )
    )
    return chart


def strips(rows: Sequence[Row], columns: Mapping[str, Column]) -> alt.Chart:
    """A chart of each image's first measure by site, coloured by part; the tooltip shows the first two measures."""
    name, main = next(iter(columns.items()))
    scale = alt.Scale(domain=[0, main.top]) if main.top else alt.Scale(zero=True)
    across = alt.Axis(tickCount=10, titlePadding=8)
    measures = [
        alt.Tooltip(
            f"{key}:Q",
            title=f"{column.title} ({column.unit})" if column.unit else column.title,
            format=f".{column.digits}f",
        )
        for key, column in list(columns.items())[:2]
    ]
    legend = alt.Legend(orient="top", title=None, padding=0, offset=10)
    shown = [part for part in _PARTS if any(row["part"] == part for row in rows)]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=[row for row in rows if row[name] is not None]), height=alt.Step(30))
        .mark_circle(size=70, opacity=0.75)
        .encode(
            x=alt.X(f"{name}:Q", title=f"{main.heading} of each image", scale=scale, axis=across),
            y=alt.Y("site:N", title=None, axis=alt.Axis(ticks=False, domain=False)),
            yOffset=alt.YOffset("part:N", scale=alt.Scale(domain=shown)),
            color=alt.Color("part:N", scale=alt.Scale(domain=shown), legend=legend),
            tooltip=[
                alt.Tooltip("sample:N", title="Image"),
                alt.Tooltip("label_name:N", title="Label"),
                alt.Tooltip("part:N", title="Part"),
                *measures,
                alt.Tooltip("reference_mm3:Q", title="True volume (mm³)", format=",.0f"),
                alt.Tooltip("predicted_mm3:Q", title="Predicted volume (mm³)", format=",.0f"),
            ],
        )
    )
    return chart
