"""`python -m benchmarks` runs all benchmarks; `python -m benchmarks index demo` runs these two."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "index",
    "scan",
    "layout",
    "importing",
    "accept",
    "catalog",
    "facets",
    "quality",
    "snapshot",
    "demo",
    "hippocampus",
)

for name in sys.argv[1:] or NAMES:
    importlib.import_module(f"benchmarks.{name}").run()
