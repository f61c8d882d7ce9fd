"""Labels and legends of charts: every name is shown whole, even on the narrowest screen that the app is used on."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence

import altair as alt

LETTER = 6.5
"""Width of a letter in pixels."""

NARROW, CARD = 440, 230
"""Width in pixels, on a screen of 1024 pixels, of a chart that fills the page and of one of two charts in a row."""

SIDE = 18
"""Letters in one line of a label beside a bar."""


def wrap(names: Collection[str], letters: int) -> str:
    """A Vega expression that writes each of these names on lines of at most so many letters."""
    return f"{json.dumps({name: textwrap.wrap(name, letters) or [name] for name in sorted(names)})}[datum.label]"


def _count_letters(beside: Collection[str]) -> int:
    """Letters in one line of the legend in a `CARD`, where the legend begins right of the labels beside the chart."""
    widest = max((len(line) for name in beside for line in textwrap.wrap(name, SIDE)), default=0)
    return int(CARD / LETTER) - widest - 4


def _count_columns(names: Sequence[str], letters: int) -> int:
    longest = min(letters, max(map(len, names), default=1))
    return max(1, letters // (longest + 4))


def legend(names: Sequence[str], beside: Collection[str] = ()) -> alt.Legend:
    """A legend below the chart with every name whole; `beside` are the labels left of the chart."""
    letters = _count_letters(beside)
    return alt.Legend(
        orient="bottom",
        title=None,
        columns=_count_columns(names, letters),
        labelLimit=CARD,
        padding=0,
        offset=8,
        labelExpr=wrap(names, letters),
    )


def legend_height(names: Sequence[str], beside: Collection[str] = ()) -> int:
    """Pixels that the legend takes from the height of its chart."""
    letters = _count_letters(beside)
    lines = sum(max(1, len(textwrap.wrap(name, letters))) for name in names)
    return 20 * -(-lines // _count_columns(names, letters)) + 8
