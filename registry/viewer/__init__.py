"""The 3-D viewer: layers over an image in a page, and the route over which its volumes come.

Start at `show` (a viewer in a page) and `volume_routes` (volumes over HTTP). Public: `show`, `Layer`, `Label`,
`ViewerState`, `volume_routes`, `same_origin`. Importing this package loads neither Streamlit nor Starlette.
"""

from __future__ import annotations

from registry.viewer.component import show
from registry.viewer.layers import (
    CONSENSUS_COLOUR,
    PREDICTION_COLOUR,
    RATER_COLOURS,
    Label,
    Layer,
    ViewerState,
    rater_colour,
    volume_url,
)

__all__ = [
    "CONSENSUS_COLOUR",
    "PREDICTION_COLOUR",
    "RATER_COLOURS",
    "Label",
    "Layer",
    "ViewerState",
    "rater_colour",
    "show",
    "volume_url",
]
