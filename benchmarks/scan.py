"""The registry's own index of 1,000 and 10,000 subjects beside pybids, bids2table, ancpbids and a bare walk.

Names, sidecars and rows are timed together, because the peers read them too. Headers and checksums of volumes, which no
peer reads, are timed apart. Each measurement runs in a new process; the peers take turns, so that a busy moment of the
machine affects all of them. With `COHORTIUM_BENCHMARK_PYBIDS=10000` pybids indexes the large tree too (minutes,
gigabytes).
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import cohorts, measure
from registry.bids.walk import walk
from registry.files.parallel import cores_here
from registry.index import facts, sync
from registry.maintenance import creation, rebuild

SIZES = (1000, 10_000)
QUICK = ("scandir", "cohortium", "bids2table", "bids2table_sidecars")
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
            volumes, again = _volumes(tree), _again(tree, Path(folder) / "registry")
            results[str(subjects)] = {"files": files, "peers": peers, **_ratios(peers), **volumes, **again}
        measure.save("scan", {"subjects": results})  # saved after each tree, because the large one takes long


def _peers(tree: Path, names: list[str]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for round_ in range(ROUNDS):
        for name in names:
            if round_ == 0 or name not in SLOW:
                found[name].append(measure.apart("benchmarks.peers", name, str(tree)))
    return {name: _join(answers) for name, answers in found.items()}


def _join(answers: list[dict[str, Any]]) -> dict[str, Any]:
    lists = {key: [value for answer in answers for value in answer[key]] for key in ("seconds", "cpu_seconds")}
    return {**lists, "files": answers[0]["files"], "peak_mib": max(answer["peak_mib"] for answer in answers)}


def _ratios(peers: dict[str, Any]) -> dict[str, Any]:
    """The median time of each peer divided by ours, in wall seconds and in processor seconds."""
    return {
        f"times_ours_{key}": {
            name: round(_median(peer, key) / _median(peers["cohortium"], key), 2) for name, peer in peers.items()
        }
        for key in ("seconds", "cpu_seconds")
    }


def _median(peer: dict[str, Any], key: str) -> float:
    return statistics.median(peer[key])


def _volumes(tree: Path) -> dict[str, Any]:
    """Seconds for headers and checksums of the volumes, with one core and with all, in turns."""
    paths = [found.path for found in walk(tree) if found.path.endswith(".nii.gz")]
    one, many = [], []
    for _ in range(ROUNDS):
        one.append(measure.call(lambda: facts.read_all(tree, paths, cores=1))["seconds"][0])
        many.append(measure.call(lambda: facts.read_all(tree, paths))["seconds"][0])
    return {"volumes_one_core": one, "volumes_all_cores": many, "cores": cores_here()}


def _again(tree: Path, root: Path) -> dict[str, Any]:
    """Seconds to index a registry with the tree, and to scan it again when nothing has changed."""
    registry = creation.create(root)
    shutil.copytree(tree, registry.root, dirs_exist_ok=True)
    full = measure.call(lambda: rebuild.rebuild(registry))
    rescan = measure.call(lambda: sync.scan(registry), runs=3)
    ratio = round(statistics.median(rescan["seconds"]) / full["seconds"][0], 3)
    return {"full_index": full, "unchanged_rescan": rescan, "ratio_rescan_to_index": ratio}
