"""Small charts as inline SVG: lines over epochs, dots by group. Colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """A plotting area in a picture of `width` x `height` pixels.

    Attributes:
        x: data range of the horizontal axis.
        y: data range of the vertical axis.
        x_name: name with unit, below.
        y_name: name with unit, above.
    """

    x: Point
    y: Point
    x_name: str
    y_name: str
    width: int = 520
    height: int = 260

    def at(self, x: float, y: float) -> Point:
        """Pixels of a data point."""
        across = (x - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (y - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        return 52 + across * (self.width - 68), self.height - 40 - up * (self.height - 70)


def lines(series: Mapping[str, Sequence[Point]], frame: Frame) -> str:
    """Curves, each with its name at the top right; a series of one point is a dot, an empty one is left out."""
    parts = [_axes(frame, ticks(*frame.x))]
    for number, (name, points) in enumerate(item for item in series.items() if item[1]):
        places = [frame.at(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="line s{number}" points="{path}"/>')
        parts += [f'<circle class="dot s{number}" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>' for x, y in places[-1:]]
        if len(series) > 1:
            parts.append(
                f'<text class="key s{number}" x="{frame.width - 18}" y="{44 + 16 * number}">{escape(name)}</text>'
            )
    return _svg(frame, parts)


def strips(groups: Mapping[str, Sequence[tuple[float, str]]], frame: Frame) -> str:
    """One column of dots per group, with median and quartiles; a dot's text appears when the pointer rests on it.

    Args:
        groups: name to (value, text) of each dot.
        frame: its `x` is ignored.
    """
    frame = Frame(
        (0, len(groups)), frame.y, frame.x_name, frame.y_name, max(frame.width, 90 * len(groups)), frame.height
    )
    parts = [_axes(frame, [])]
    for column, (name, dots) in enumerate(groups.items()):
        middle, _ = frame.at(column + 0.5, 0)
        label = f"{name} (n = {len(dots)})"
        parts.append(f'<text class="tick mid" x="{middle:.1f}" y="{frame.height - 24}">{escape(label)}</text>')
        if dots:
            parts.append(_box(frame, column, [value for value, _ in dots]))
        for number, (value, text) in enumerate(dots):
            shift = ((number * 0.618) % 1 - 0.5) * 0.42  # spread evenly, the same every time
            x, y = frame.at(column + 0.5 + shift, value)
            parts.append(
                f'<circle class="dot s0 soft" cx="{x:.1f}" cy="{y:.1f}" r="3.4"><title>{escape(text)}</title></circle>'
            )
    return _svg(frame, parts)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers that cover a range."""
    if high <= low:
        return [low]
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _box(frame: Frame, column: int, values: Sequence[float]) -> str:
    low, middle, high = (float(v) for v in np.percentile(values, (25, 50, 75)))
    left, top = frame.at(column + 0.22, high)
    right, bottom = frame.at(column + 0.78, low)
    _, median = frame.at(0, middle)
    return (
        f'<rect class="box" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{max(bottom - top, 1):.1f}" rx="3"/>'
        f'<line class="median" x1="{left:.1f}" x2="{right:.1f}" y1="{median:.1f}" y2="{median:.1f}"/>'
    )


def _axes(frame: Frame, across: Sequence[float]) -> str:
    parts = []
    for value in ticks(*frame.y):
        x0, y = frame.at(frame.x[0], value)
        x1, _ = frame.at(frame.x[1], value)
        parts.append(f'<line class="grid" x1="{x0:.1f}" x2="{x1:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick end" x="{x0 - 7:.1f}" y="{y + 4:.1f}">{value:g}</text>')
    for value in across:
        x, y = frame.at(value, frame.y[0])
        parts.append(f'<text class="tick mid" x="{x:.1f}" y="{y + 17:.1f}">{value:g}</text>')
    parts.append(f'<text class="name" x="8" y="16">{escape(frame.y_name)}</text>')
    parts.append(f'<text class="name end" x="{frame.width - 14}" y="{frame.height - 6}">{escape(frame.x_name)}</text>')
    return "".join(parts)


def _svg(frame: Frame, parts: Sequence[str]) -> str:
    title = escape(f"{frame.y_name} by {frame.x_name}")
    return (
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {frame.width} {frame.height}" '
        f'width="{frame.width}" height="{frame.height}">{"".join(parts)}</svg>'
    )
