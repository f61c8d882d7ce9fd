"""Names beside, below and under a chart, each of them whole on the narrowest screen that the app is used on."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence

import altair as alt

LETTER = 6.5
"""Pixels of a letter."""

NARROW, CARD = 440, 230
"""Pixels, on a screen of 1024, of a chart over the whole page and of one of two in a row."""

SIDE = 18
"""Letters of a line beside a bar."""


def wrap(names: Collection[str], room: int) -> str:
    """A label's expression: its name on lines of at most `room` letters."""
    return f"{json.dumps({name: textwrap.wrap(name, room) or [name] for name in sorted(names)})}[datum.label]"


def _room(beside: Collection[str]) -> int:
    """Letters of a line of the legend in the narrowest card: legends begin right of the labels beside the chart."""
    widest = max((len(line) for name in beside for line in textwrap.wrap(name, SIDE)), default=0)
    return int(CARD / LETTER) - widest - 4


def _in_a_row(names: Sequence[str], room: int) -> int:
    longest = min(room, max(map(len, names), default=1))
    return max(1, room // (longest + 4))


def legend(names: Sequence[str], beside: Collection[str] = ()) -> alt.Legend:
    """Below the chart, every name whole; `beside` are the labels left of the chart."""
    room = _room(beside)
    return alt.Legend(
        orient="bottom",
        title=None,
        columns=_in_a_row(names, room),
        labelLimit=CARD,
        padding=0,
        offset=8,
        labelExpr=wrap(names, room),
    )


def legend_height(names: Sequence[str], beside: Collection[str] = ()) -> int:
    """Pixels that the legend takes from the height of its chart."""
    room = _room(beside)
    lines = sum(max(1, len(textwrap.wrap(name, room))) for name in names)
    return 20 * -(-lines // _in_a_row(names, room)) + 8
