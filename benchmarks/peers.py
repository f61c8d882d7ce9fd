"""One way to index one tree, once, in a process of its own: `python -m benchmarks.peers NAME FOLDER`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import measure


def scandir(root: str) -> int:
    """The floor: list every folder and look at every file, nothing else."""
    return sum(1 for _ in _files(root))


def _files(folder: str) -> Iterator[os.stat_result]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            yield entry.stat(follow_symlinks=False)


def cohortium(root: str) -> int:
    """Names, entities, stamps, sidecars merged by inheritance."""
    from benchmarks import scanning

    return len(scanning.scan(root).rows)


def cohortium_arrow(root: str) -> int:
    """The same, as the Arrow table that bids2table gives."""
    from benchmarks import scanning

    return int(scanning.scan(root).arrow().num_rows)


def bids2table(root: str) -> int:
    """Names and entities of images; no sidecars, no derivatives, no stamps."""
    import bids2table as peer

    return len(peer.index_dataset(root))


def bids2table_sidecars(root: str) -> int:
    """The same, with `load_bids_metadata` for each file."""
    import bids2table as peer

    paths = peer.index_dataset(root)["path"].to_pylist()
    return len([peer.load_bids_metadata(f"{root}/{path}") for path in paths])


def ancpbids(root: str) -> int:
    """Names and entities; sidecars are read when they are asked for."""
    import ancpbids as peer

    return len(peer.load_dataset(root).query(return_type="filename"))


def pybids(root: str) -> int:
    """Names, entities and sidecars merged by inheritance, in a SQL database in memory."""
    from bids import BIDSLayout

    return len(BIDSLayout(root, validate=False).files)


PEERS: dict[str, Callable[[str], int]] = {
    work.__name__: work
    for work in (scandir, cohortium, cohortium_arrow, bids2table, bids2table_sidecars, ancpbids, pybids)
}


def _imported(name: str) -> None:
    """Loading a library is not what is measured."""
    modules = {"cohortium": "benchmarks.scanning", "cohortium_arrow": "pyarrow", "pybids": "bids", "scandir": "os"}
    __import__(modules.get(name, name.removesuffix("_sidecars")))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    chosen, folder = sys.argv[1:]
    _imported(chosen)
    found: list[int] = []
    answer: dict[str, Any] = measure.call(lambda: found.append(PEERS[chosen](folder)))
    sys.stdout.write("\n" + json.dumps({**answer, "files": found[0], "peak_mib": measure.peak_mib()}) + "\n")
