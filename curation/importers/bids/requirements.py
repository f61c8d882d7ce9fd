"""What BIDS requires of the images of derivatives, and many derivatives do not state."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from curation.importers.bids.import_state import BidsImportState
from registry.bids import places, schema
from registry.bids.filenames import strip_extension
from registry.bids.names import BidsName, parse
from registry.index.rows.masks import RATED_SUFFIXES


def ignore_incomplete(state: BidsImportState) -> dict[str, bytes]:
    """`.bidsignore` of each derivative whose images lack a required field, with a note that counts them.

    Whether a skull was stripped is nothing to guess, and no reason to leave an image out: the derivative says openly
    which of its files the standard does not cover.
    """
    ignored: dict[str, list[str]] = {}
    missing: Counter[tuple[str, str]] = Counter()
    for path in sorted(state.kept):
        dataset, inner = places.split_dataset(path)
        name = parse(inner)
        if not dataset or name is None or name.extension != ".nii.gz":
            continue
        sidecar = state.tree.root / f"{strip_extension(path)}.json"
        lacks = find_missing(name, json.loads(sidecar.read_bytes()) if sidecar.is_file() else {})
        missing.update((dataset, field) for field in lacks)
        if lacks:
            ignored.setdefault(dataset, []).append(f"{strip_extension(inner)}.*")
    for (dataset, field), count in sorted(missing.items()):
        state.tree.notes.append(
            f"{dataset}: BIDS requires {field} and {count} of its images do not state it; .bidsignore names them."
        )
    return {f"{dataset}/.bidsignore": ("\n".join(lines) + "\n").encode() for dataset, lines in ignored.items()}


def find_missing(name: BidsName, fields: Mapping[str, Any]) -> list[str]:
    """The fields that BIDS requires of an image of a derivative and that its metadata lack.

    Args:
        name: of the image.
        fields: its metadata.
    """
    space = name.entities.get("space")
    required = {
        "SkullStripped": name.suffix not in RATED_SUFFIXES,
        "SpatialReference": space is not None and space not in schema.read().templates,
        "Resolution": "res" in name.entities,
        "Density": "den" in name.entities,
    }
    return [field for field, needed in required.items() if needed and field not in fields]
