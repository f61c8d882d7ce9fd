"""What the viewer shows: layers, their labels and colours. No Streamlit here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

RATER_COLOURS = ("#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#0072B2")
"""Okabe and Ito (2008), distinct with any colour vision; the first rater in sorted order gets the first colour."""

CONSENSUS_COLOUR = "#F0E442"
"""The yellow of the same palette, kept for the consensus."""

PREDICTION_COLOUR = "#FFFFFF"
"""White, kept for a model's prediction."""


@dataclass(frozen=True)
class Label:
    """One value of a label map.

    Attributes:
        value: the voxel value, 1 to 65535.
        name: what the value means.
        colour: `#RRGGBB`; empty takes the layer's colour.
    """

    value: int
    name: str
    colour: str = ""


@dataclass(frozen=True)
class Layer:
    """One volume in the viewer. The first layer is the image; every other lies on its grid (RAS mm).

    Attributes:
        url: the address from which the browser fetches the volume: `volume_url(sha256)`.
        title: what the legend says.
        kind: `image` is drawn in grey, `label` as coloured regions with a contour.
        colour: `#RRGGBB` of a label layer.
        opacity: opacity of the filled region, 0 to 1; the contour stays opaque.
        visible: whether the layer is shown at first; afterwards the switch in the viewer decides.
        labels: names and colours of single values; empty means every non-zero value has the layer's colour.
    """

    url: str
    title: str
    kind: Literal["image", "label"] = "image"
    colour: str = CONSENSUS_COLOUR
    opacity: float = 0.35
    visible: bool = True
    labels: tuple[Label, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The layer as the plain mapping that the browser gets."""
        return asdict(self)


@dataclass(frozen=True)
class ViewerState:
    """Where a user last clicked; all None before the first click, or where the viewer does not report clicks.

    Attributes:
        position_mm: RAS millimetres of the crosshair.
        voxel: 0-based indices (i, j, k) in the image's own voxel order.
        intensity: the image's value there.
        labels: title of each label layer and its value there.
    """

    position_mm: tuple[float, float, float] | None = None
    voxel: tuple[int, int, int] | None = None
    intensity: float | None = None
    labels: tuple[tuple[str, int], ...] = ()


def rater_colour(index: int) -> str:
    """Colour of the rater at this index of the sorted list of raters; colours repeat after six."""
    return RATER_COLOURS[index % len(RATER_COLOURS)]


def volume_url(sha256: str) -> str:
    """Address of a volume by the SHA-256 of its file."""
    return f"/volumes/{sha256}.nii.gz"
