"""The viewer as a Streamlit component: its code in the browser is in `static/`, its voxels come over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from registry.errors import UsageError
from registry.viewer.layers import Layer, ViewerState

NAME = "cohortium_viewer"
STATIC = files(__package__) / "static"


def show(
    volumes: Sequence[Layer],
    *,
    key: str,
    height: int = 560,
    at_mm: tuple[float, float, float] | None = None,
    clicks: bool = False,
) -> ViewerState:
    """Show an image with its overlays in three planes and in 3-D; return where the user clicked.

    Switches, opacity, window and scrolling stay in the browser: none of them runs the page again.

    Args:
        volumes: the image first, then overlays on the same grid.
        key: unique in the page; keep it while the subject stays the same, so that the view stays too.
        height: height of the picture in CSS pixels.
        at_mm: move the crosshair here (RAS mm) when this value changes, for example to a chosen lesion.
        clicks: run the page again on each click and return the position clicked.

    Raises:
        UsageError: there is no volume, or the first one is no image.
    """
    if not volumes or volumes[0].kind != "image":
        raise UsageError("The viewer needs an image as its first layer.", "Put the image before its masks.")
    result = _component()(
        key=key,
        data={
            "layers": [layer.to_json() for layer in volumes],
            "height": height,
            "at": list(at_mm) if at_mm else None,
            "clicks": clicks,
        },
        default={"location": None},
        on_location_change=_ignore_change,
    )
    return _parse_state(result.get("location")) if clicks else ViewerState()


def _ignore_change() -> None:
    """Do nothing: Streamlit requires a callback for every state that a component may set."""


@cache
def _component() -> Callable[..., Any]:
    from streamlit.components.v2 import component

    return component(NAME, css=(STATIC / "viewer.css").read_text("utf-8"), js=(STATIC / "boot.js").read_text("utf-8"))


def _parse_state(location: Mapping[str, Any] | None) -> ViewerState:
    if not location:
        return ViewerState()
    x, y, z = (float(value) for value in location["mm"])
    i, j, k = (int(value) for value in location["voxel"])
    labels = tuple((str(name), int(value)) for name, value in location["labels"])
    return ViewerState((x, y, z), (i, j, k), float(location["intensity"]), labels)
