"""List the files of a layout: all that pybids may index, or chosen ones with the files that describe them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from registry.bids.filenames import parse_name
from registry.bids.walk import Stamp, list_tree
from registry.errors import InvalidInput
from registry.vocabulary.findings import Severity

DERIVATIVES = "derivatives/"
IMAGES = (".nii", ".nii.gz")

Files = Mapping[str, Stamp]
"""Paths relative to the root, with their stamps."""


def list_files(base: Path, ignored: Iterable[re.Pattern[str]]) -> Files:
    """Every file below a root, except hidden ones and those in folders at the root that a pattern ignores.

    Raises:
        InvalidInput: a file or folder cannot be taken, as for `walk`.
    """
    tree = list_tree(base, belongs=lambda name: not is_ignored(f"/{name}", ignored))
    wrong = next((item for item in tree.findings if item.severity is Severity.ERROR), None)
    if wrong:
        raise InvalidInput(f"{wrong.path} {wrong.message}.", "Rename, replace or remove it.")
    return {file.path: (file.size, file.mtime_ns) for file in tree.files}


def is_ignored(path: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether a path, which begins with a slash, is one that pybids passes over."""
    return any(pattern.search(path) for pattern in patterns)


def select(files: Files, chosen: set[str]) -> Files:
    """The chosen files, and every other file, images excepted, that describes one of them or a whole dataset."""
    # By inheritance a file describes those in or below its folder that have its suffix and all its entities.
    described = defaultdict(list)
    for path in chosen & files.keys():
        name = parse_name(path.rpartition("/")[2])
        for folder in list_upwards(path.rpartition("/")[0]):
            described[folder, name.suffix].append(name.entities.items())
            described[folder, ""].append(name.entities.items())

    def describes(path: str) -> bool:
        folder, _, filename = path.rpartition("/")
        name = parse_name(filename)
        if name.extension in IMAGES:
            return False
        if not name.entities:
            return not folder or (folder.startswith(DERIVATIVES) and folder.count("/") == 1)
        key = "" if name.suffix in ("sessions", "scans") else name.suffix  # these tables describe any suffix
        return any(name.entities.items() <= entities for entities in described[folder, key])

    return {path: stamp for path, stamp in files.items() if path in chosen or describes(path)}


def list_upwards(folder: str) -> Iterator[str]:
    """A folder and those above it, up to the root, whose path is empty."""
    yield folder
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
