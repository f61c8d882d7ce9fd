"""The content of `dataset_description.json`, and the version of BIDS that Cohortium writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry import __version__

BIDS_VERSION = "1.11.1"


def generated_by(description: str | None = None) -> dict[str, str]:
    """This program as an entry of `GeneratedBy`, with what it did where that is given."""
    entry = {"Name": "Cohortium", "Version": __version__}
    return entry if description is None else {**entry, "Description": description}


def dataset_description(name: str, links: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """The file's fields, for `readable_json`.

    Args:
        name: the dataset's name.
        links: `DatasetLinks` of a derivative, dataset name to `file:` URL; None describes a raw dataset.
        more: further fields; those that are None are left out. `GeneratedBy` is this program unless it is given.
    """
    fields: dict[str, Any] = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw" if links is None else "derivative",
        "DatasetLinks": None if links is None else dict(links),
        "GeneratedBy": [generated_by()],
        **more,
    }
    return {key: value for key, value in fields.items() if value is not None}
