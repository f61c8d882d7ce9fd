"""Names and sidecars of 1,000 and 10,000 subjects beside pybids, bids2table, ancpbids and a bare walk; then headers.

Each measurement is a fresh process; the peers take turns, so that a busy moment of the machine hits all alike.
`COHORTIUM_BENCHMARK_PYBIDS=10000` also gives pybids the large tree (minutes, gigabytes).
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import cohorts, measure, scanning
from registry.files.parallel import cores_here

SIZES = (1000, 10_000)
QUICK = ("scandir", "cohortium", "cohortium_arrow", "bids2table", "bids2table_sidecars")
SLOW = ("ancpbids", "pybids")
ROUNDS = 2


def run() -> None:
    """Measure and save."""
    largest = int(os.environ.get("COHORTIUM_BENCHMARK_PYBIDS", SIZES[0]))
    results = {}
    for subjects in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "tree"
            files = cohorts.generate(tree, subjects, readings=False)
            peers = _peers(tree, [*QUICK, *(SLOW if subjects <= largest else SLOW[:1])])
            results[str(subjects)] = {"files": files, "peers": peers, **_ratios(peers), **_again(tree)}
    measure.save("scan", {"subjects": results})


def _peers(tree: Path, names: list[str]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for round_ in range(ROUNDS):
        for name in names:
            if round_ == 0 or name not in SLOW:
                found[name].append(measure.apart("benchmarks.peers", name, str(tree)))
    return {name: _joined(answers) for name, answers in found.items()}


def _joined(answers: list[dict[str, Any]]) -> dict[str, Any]:
    lists = {key: [value for answer in answers for value in answer[key]] for key in ("seconds", "cpu_seconds")}
    return {**lists, "files": answers[0]["files"], "peak_mib": max(answer["peak_mib"] for answer in answers)}


def _ratios(peers: dict[str, Any]) -> dict[str, Any]:
    """How many times as long each takes: the median of the wall seconds over ours."""
    own = statistics.median(peers["cohortium"]["seconds"])
    return {"times_ours": {name: round(statistics.median(peer["seconds"]) / own, 2) for name, peer in peers.items()}}


def _again(tree: Path) -> dict[str, Any]:
    """The rescan of an unchanged tree, and the pass over the headers with one core and with all."""
    _settle(tree)
    indexes = [scanning.scan(tree)]
    full = measure.call(lambda: indexes.append(scanning.scan(tree)), runs=3)
    rescan = measure.call(lambda: indexes.append(scanning.rescan(indexes[0])), runs=3)
    one, many = [], []
    for _ in range(2):
        one.append(measure.call(lambda: scanning.read_headers(indexes[0], cores=1))["seconds"][0])
        many.append(measure.call(lambda: scanning.read_headers(indexes[0]))["seconds"][0])
    return {
        "scan": full,
        "unchanged_rescan": rescan,
        "ratio_rescan_to_scan": round(min(rescan["seconds"]) / min(full["seconds"]), 3),
        "headers_one_core": one,
        "headers_all_cores": many,
        "cores": cores_here(),
    }


def _settle(tree: Path) -> None:
    """A tree written a moment ago proves nothing by its times; make it an hour old."""
    for folder, _, names in os.walk(tree, topdown=False):
        for place in (*(f"{folder}/{name}" for name in names), folder):
            state = os.stat(place)
            os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns - 3_600_000_000_000))
