"""A pybids layout of 200 and 1,000 subjects with readings: our database beside pybids' own indexing.

Each measurement runs in a new process. pybids keeps its index in memory, which is its fastest way.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from benchmarks import cohorts, measure

SIZES = (200, 1000)
OURS_RUNS = 3


def run() -> None:
    """Measure and save."""
    results = {}
    for subjects in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            files = cohorts.generate(tree, subjects)
            ours = [measure.apart("benchmarks.layout", "ours", str(tree)) for _ in range(OURS_RUNS)]
            theirs = measure.apart("benchmarks.layout", "pybids", str(tree))
            results[str(subjects)] = {"files": files, "cohortium": ours, "pybids": theirs, **_ratios(ours, theirs)}
    measure.save("layout", {"subjects": results})


def _ratios(ours: list[dict[str, Any]], theirs: dict[str, Any]) -> dict[str, float]:
    """The time of pybids divided by ours, in wall seconds and in processor seconds."""
    return {
        f"times_ours_{key}": round(theirs[key][0] / statistics.median(one[key][0] for one in ours), 1)
        for key in ("seconds", "cpu_seconds")
    }


def measure_one(how: str, tree: str) -> dict[str, Any]:
    """Make a layout by `ours` or `pybids`, and measure it; the number of its files shows that both hold the same."""
    from registry.bids.pybids import database

    with tempfile.TemporaryDirectory() as folder:
        made: list[Any] = []
        make = {
            "ours": lambda: made.append(database.open_layout(tree, folder)),
            "pybids": lambda: made.append(database.BIDSLayout(tree, derivatives=True)),
        }[how]
        timed = measure.call(make)
        peak = measure.peak_mib()  # before `get_files`, whose answer is larger than the layout
        opened = measure.call(lambda: database.open_layout(tree, folder)) if how == "ours" else {"seconds": []}
        return {**timed, "opened_again": opened["seconds"], "peak_mib": peak, "layout_files": len(made[0].get_files())}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write("\n" + json.dumps(measure_one(*sys.argv[1:])) + "\n")
