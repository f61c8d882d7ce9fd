"""The ways to index a tree; `python -m benchmarks.peers NAME FOLDER` runs one of them once."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import measure
from registry.bids.walk import walk
from registry.files.collector import pause_collector
from registry.index import facts, refresh
from registry.maintenance import creation
from registry.store import Registry
from registry.tables import File


def scandir(root: str) -> int:
    """The lower limit: list every folder and read the size and time of every file."""
    return sum(1 for _ in _files(root))


def _files(folder: str) -> Iterator[os.stat_result]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            yield entry.stat(follow_symlinks=False)


@pause_collector()
def cohortium(root: str) -> int:
    """The registry: names, sidecars merged by inheritance, and all rows in its SQL database on disk.

    Texts are read, hashed and parsed. Headers and checksums of volumes, which no peer reads, were read before.
    """
    paths = [found.path for found in walk(root)]
    texts = facts.read_all(Path(root), [path for path in paths if not _is_volume(path)])
    with REGISTRY[0].unit_of_work() as database:
        refresh.clear(database)
        refresh.apply(database, [*texts, *VOLUMES])
    return len(paths)


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
    """Names and entities; it reads sidecars only on demand."""
    import ancpbids as peer

    return len(peer.load_dataset(root).query(return_type="filename"))


def pybids(root: str) -> int:
    """Names, entities and sidecars merged by inheritance, in a SQL database in memory."""
    from bids import BIDSLayout

    return len(BIDSLayout(root, validate=False).files)


PEERS: dict[str, Callable[[str], int]] = {
    work.__name__: work for work in (scandir, cohortium, bids2table, bids2table_sidecars, ancpbids, pybids)
}

REGISTRY: list[Registry] = []
VOLUMES: list[File] = []


def _is_volume(path: str) -> bool:
    return path.endswith((".nii", ".nii.gz"))


def _prepare(name: str, root: str, folder: str) -> None:
    """Load the library, or create the registry and read its volumes: none of this is measured."""
    if name == "cohortium":
        REGISTRY.append(creation.create(Path(folder) / "registry"))
        VOLUMES.extend(facts.read_all(Path(root), [found.path for found in walk(root) if _is_volume(found.path)]))
        return
    modules = {"pybids": "bids", "scandir": "os"}
    __import__(modules.get(name, name.removesuffix("_sidecars")))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    chosen, tree = sys.argv[1:]
    found: list[int] = []
    with tempfile.TemporaryDirectory() as own:
        _prepare(chosen, tree, own)
        answer: dict[str, Any] = measure.call(lambda: found.append(PEERS[chosen](tree)))
    sys.stdout.write("\n" + json.dumps({**answer, "files": found[0], "peak_mib": measure.peak_mib()}) + "\n")
