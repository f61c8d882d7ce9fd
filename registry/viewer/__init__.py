"""The 3-D viewer, the route that feeds it, and the server and shell of the app.

Start at `show` (a viewer in a page), `volume_routes` (volumes over HTTP), `serve` (the app's server) and
`shell.run` (the app's frame). Importing this package loads neither Streamlit nor Starlette.
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
