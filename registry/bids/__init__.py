"""BIDS on disk: names, places, sidecars and their inheritance, and what lies in a tree.

Start at `names` (a path and its entities), `walk` (what a tree holds) and `sidecars` (the metadata of a file). Public:
`names`, `filenames`, `places`, `schema`, `quantities`, `sidecars`, `table_keys`, `portable_names`, `walk`, and
`layout`, which opens all of it in pybids; `generator` writes `schema.json`. Nothing here knows a database of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bids import BIDSLayout


def layout(
    root: str | PathLike[str],
    folder: str | PathLike[str] | None = None,
    paths: Iterable[str] | None = None,
    validate: bool = True,
) -> BIDSLayout:
    """Open the layout that `bids.BIDSLayout(root, derivatives=True)` gives, without its slow indexing.

    Args:
        root: a BIDS dataset.
        folder: as for `pybids.database.open_layout`, and so are the further arguments and the errors.
        paths: limits the layout to these files and to those that describe them.
        validate: leaves out raw files without a valid BIDS name.
    """
    from registry.bids.pybids.database import open_layout

    return open_layout(root, folder, paths, validate)
