"""Pages of training: launch a run, follow and compare runs.

Start at `PAGES`, the one public name.
"""

from __future__ import annotations

from registry.app.page import Page
from training.pages import launch, runs

PAGES = [
    Page("Runs", "runs", ":material/show_chart:", runs.render, "Models", order=10),
    Page("Launch a run", "launch", ":material/rocket_launch:", launch.render, "Models", order=20),
]
