"""Charts of the report as inline SVG, drawn by matplotlib: lines over epochs, dots by group.

Colours become variables of the page's style sheet, so one picture serves a light and a dark page. The same data give
the same bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from registry.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]

_VARIABLES = {"#010101": "var(--ink)", "#020202": "var(--soft)", "#030303": "var(--line)", "#040404": "var(--s0)"}
"""The colour that matplotlib draws, to the variable that the page shows."""
_INK, _SOFT, _LINE, _DATA = _VARIABLES

_SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "none",
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": _INK,
    "axes.labelsize": 12,
    "axes.labelweight": "bold",
    "axes.titlecolor": _INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "grid.color": _LINE,
    "grid.linewidth": 1,
    "svg.fonttype": "none",  # text stays text: it has the page's font, and a search finds it
    "text.parse_math": False,  # names of sites and labels are no formulas
    "xaxis.labellocation": "right",
    "xtick.color": "none",
    "xtick.labelcolor": _SOFT,
    "xtick.labelsize": 12,
    "ytick.color": "none",
    "ytick.labelcolor": _SOFT,
    "ytick.labelsize": 12,
}

_SVG, _HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Frame:
    """A plotting area in a picture of `width` x `height` pixels.

    Attributes:
        x: data range of the horizontal axis.
        y: data range of the vertical axis.
        x_name: name with unit, shown below.
        y_name: name with unit, shown above.
    """

    x: Point
    y: Point
    x_name: str
    y_name: str
    width: int = 520
    height: int = 260

    @property
    def title(self) -> str:
        """The content of the picture in words."""
        return f"{self.y_name} by {self.x_name}"


class NoFiguresError(UsageError):
    """The libraries that draw the report are not installed. A run is complete without its report."""


def require_matplotlib() -> None:
    """Check that matplotlib and Pillow are installed.

    Raises:
        NoFiguresError: one of them is missing.
    """
    if not all(map(find_spec, ("matplotlib", "PIL"))):
        raise NoFiguresError(
            "There is no report: its figures are drawn by matplotlib, which is not installed.",
            "Run: pip install 'cohortium[report]', then evaluate the run again.",
        )


def draw_line(points: Sequence[Point], frame: Frame) -> str:
    """A chart of a curve whose last point is marked; without points it shows the axes alone."""
    with _figure(frame) as (figure, axes):
        if points:
            x, y = zip(*points, strict=True)
            axes.plot(x, y, color=_DATA, linewidth=2, marker="o", markersize=4.5, markevery=[-1], clip_on=False)
        axes.set_xlim(*_widen(frame.x))
        axes.locator_params(axis="x", integer=True)
        return _svg(figure, frame)


def draw_strips(groups: Mapping[str, Sequence[tuple[float, str]]], frame: Frame) -> str:
    """A chart with one column of dots per group, its median and quartiles; pointing at a dot shows its text.

    Args:
        groups: name to (value, text) of each dot.
        frame: the plotting area; its `x` is ignored, and it is widened where there are many groups.
    """
    frame = replace(frame, x=(0, len(groups)), width=max(frame.width, 90 * len(groups)))
    with _figure(frame) as (figure, axes):
        for column, dots in enumerate(groups.values()):
            _draw_column(axes, column + 0.5, [value for value, _ in dots])
        axes.set_xticks(
            [column + 0.5 for column in range(len(groups))],
            [f"{name} (n = {len(dots)})" for name, dots in groups.items()],
        )
        axes.set_xlim(*_widen(frame.x))
        return _svg(figure, frame, [text for dots in groups.values() for _, text in dots])


def _draw_column(axes: Axes, middle: float, values: Sequence[float]) -> None:
    if not values:
        return
    axes.boxplot(
        values,
        positions=[middle],
        widths=0.56,
        patch_artist=True,
        showcaps=False,
        showfliers=False,
        whiskerprops={"visible": False},
        boxprops={"facecolor": _DATA, "edgecolor": "none", "alpha": 0.16},
        medianprops={"color": _DATA, "linewidth": 2},
        manage_ticks=False,
    )
    # Steps of the golden ratio spread the dots evenly, and are the same every time.
    across = [middle + ((number * 0.618) % 1 - 0.5) * 0.42 for number in range(len(values))]
    axes.scatter(across, values, s=38, color=_DATA, alpha=0.75, linewidths=0, gid="dots", zorder=3, clip_on=False)


@contextmanager
def _figure(frame: Frame) -> Iterator[tuple[Figure, Axes]]:
    """An empty picture under our settings alone; a user's own matplotlib settings have no effect."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # missing for another script; browsers have fonts
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        matplotlib.rcParams["svg.hashsalt"] = frame.title  # names inside a picture repeat, and differ from another's
        figure = Figure(figsize=(frame.width / 72, frame.height / 72), layout="constrained")  # an SVG point is a pixel
        axes = figure.add_subplot()
        axes.set_title(frame.y_name)
        axes.set_xlabel(frame.x_name)
        axes.set_ylim(*_widen(frame.y))
        axes.locator_params(axis="y", nbins=5)
        yield figure, axes


def _widen(ends: Point) -> Point:
    """The ends of an axis; the upper one is moved up by 1 where they are equal."""
    return ends if ends[1] > ends[0] else (ends[0], ends[0] + 1)


def _svg(figure: Figure, frame: Frame, texts: Sequence[str] = ()) -> str:
    """The picture as SVG for inside an HTML page: no addresses, a title for screen reading, a text for each dot."""
    stream = io.BytesIO()
    figure.savefig(stream, format="svg")
    root = ElementTree.fromstring(stream.getvalue())
    for metadata in root.findall(f"{_SVG}metadata"):
        root.remove(metadata)
    dots = [dot for group in root.iter(f"{_SVG}g") if group.get("id") == "dots" for dot in group.iter(f"{_SVG}use")]
    for dot, text in zip(dots, texts, strict=True):
        ElementTree.SubElement(dot, "title").text = text
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        if element.tag == "g":
            element.attrib.pop("id", None)  # `axes_1` would be in a page several times
        if address := element.attrib.pop(_HREF, None):
            element.set("href", address)
    size = {"width": str(frame.width), "height": str(frame.height)}
    view_box = f"0 0 {frame.width} {frame.height}"
    root.attrib = {"role": "img", "aria-label": frame.title, "viewBox": view_box, **size}
    text = ElementTree.tostring(root, encoding="unicode")
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text
