"""The strip plot of a measure by site: rows in, chart out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import altair as alt

from curation.checks import Measure
from curation.checks.check import Peers
from registry.app import chart_labels
from registry.vocabulary.display import format_visit

Row = dict[str, Any]

_KINDS = {
    "ordinary": ("ordinary", "#6FA3CF", "circle", 45),
    "other": ("other finding", "#E69F00", "circle", 60),
    "acknowledged": ("acknowledged", "#8A94A0", "diamond", 90),
    "open": ("outlier", "#D55E00", "diamond", 130),
    "median": ("median", "#7A7F87", "M-.1,-1V1H.1V-1Z", 700),
}
"""State to its title, colour, shape and size; shapes too, because not everybody can tell colours apart."""


def strip(rows: Sequence[Row], measure: Measure, chosen: str | None) -> alt.Chart:
    """A point for each image and a strip for each group of peers; a click selects the image's `path`.

    Args:
        rows: rows of `curation.checks.outliers.values`.
        measure: the measure of their values.
        chosen: path of the image that is looked at, which gets a ring.
    """
    points = [_point(row, number) for number, row in enumerate(rows)]
    medians = {row["peers"]: row["median"] for row in rows if row["median"] is not None}
    points += [_median(who, value) for who, value in medians.items()]
    strips = {point["strip"] for point in points}
    shown = [kind for kind in _KINDS if any(point["kind"] == _KINDS[kind][0] for point in points)]
    titles, colours, shapes, sizes = (list(part) for part in zip(*(_KINDS[kind] for kind in shown), strict=True))
    unit = f" ({measure.unit})" if measure.unit else ""
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=points), height=90 + 64 * len(strips))
        .mark_point(filled=True, strokeWidth=2.5)
        .encode(
            y=alt.Y("strip:N", title=None, axis=_beside(strips)),
            yOffset=alt.YOffset("across:Q", scale=alt.Scale(domain=[-1.6, 1.6])),
            x=alt.X(
                "value:Q",
                title=f"{measure.title}{unit}",
                scale=alt.Scale(zero=False, padding=12),
                axis=alt.Axis(titlePadding=8),
            ),
            color=alt.Color("kind:N", scale=alt.Scale(domain=titles, range=colours), legend=_legend()),
            shape=alt.Shape("kind:N", scale=alt.Scale(domain=titles, range=shapes), legend=_legend()),
            size=alt.Size("kind:N", scale=alt.Scale(domain=titles, range=sizes), legend=None),
            stroke=alt.condition(alt.datum.path == (chosen or ""), alt.value("#CC79A7"), alt.value(None)),
            tooltip=[
                alt.Tooltip("subject:N", title="Subject"),
                alt.Tooltip("visit:N", title="Visit"),
                alt.Tooltip("site:N", title="Site"),
                alt.Tooltip("value:Q", title=measure.title, format=".4~g"),
                alt.Tooltip("distance:N", title="Robust z"),
                alt.Tooltip("kind:N", title="Shown as"),
            ],
        )
        .add_params(alt.selection_point("image", fields=["path"], empty=False))
    )
    return chart


def _beside(names: Collection[str]) -> alt.Axis:
    wrapped = chart_labels.wrap(names, chart_labels.SIDE)
    return alt.Axis(labelLimit=220, labelOverlap=False, ticks=False, labelExpr=wrapped)


def _point(row: Row, number: int) -> Row:
    score = row["score"]
    return {
        "path": row["path"],
        "subject": row["subject"],
        "visit": format_visit(row["session"].partition("/")[2]),
        "site": row["site"],
        "strip": row["peers"].where,
        "value": row["value"],
        "distance": f"{score:+.1f}" if score is not None else "too few",
        "kind": _KINDS[row["state"]][0],
        "across": (number * 0.618) % 1 * 2 - 1,
    }


def _median(who: Peers, value: float) -> Row:
    return {
        "path": "",
        "subject": "",
        "visit": "",
        "site": who.site,
        "strip": who.where,
        "value": value,
        "distance": "",
        "kind": _KINDS["median"][0],
        "across": 0,
    }


def _legend() -> alt.Legend:
    return alt.Legend(orient="top", title=None, columns=5, labelLimit=200, padding=0, offset=8, symbolSize=80)
