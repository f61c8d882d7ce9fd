"""The app's look: calm greys and one blue, light and dark. Passed to the server as options, so no file is needed."""

from __future__ import annotations

from registry.viewer.layers import RATER_COLOURS

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="13" fill="none" '
    'stroke="#2F6690" stroke-width="4"/><circle cx="12" cy="14" r="4" fill="#56B4E9"/>'
    '<circle cx="20" cy="18" r="4" fill="#D55E00"/></svg>'
)
"""The browser tab's icon. Without one Streamlit takes the page's symbol and asks a font server for its picture."""

_LIGHT = {
    "primaryColor": "#2F6690",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F3F5F8",
    "textColor": "#1F2933",
    "linkColor": "#2F6690",
    "borderColor": "#DDE3EA",
    "sidebar.backgroundColor": "#F3F5F8",
    "sidebar.secondaryBackgroundColor": "#E6EBF1",
}
_DARK = {
    "primaryColor": "#3F7CAC",
    "backgroundColor": "#12161C",
    "secondaryBackgroundColor": "#1B212A",
    "textColor": "#E4E9EF",
    "linkColor": "#8FC1EA",
    "borderColor": "#2B3440",
    "sidebar.backgroundColor": "#171C24",
    "sidebar.secondaryBackgroundColor": "#222A35",
}


def theme_options() -> dict[str, object]:
    """Streamlit options of the look, by dotted name."""
    options: dict[str, object] = {
        "theme.baseRadius": "0.4rem",
        "theme.chartCategoricalColors": list(RATER_COLOURS),
    }
    for name, colours in (("light", _LIGHT), ("dark", _DARK)):
        options |= {f"theme.{name}.{key}": value for key, value in colours.items()}
    return options
