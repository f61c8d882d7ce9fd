"""Two pybids layouts, compared by the rows of their databases and by what they answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bids
from bids.layout import Query
from bids.layout.models import Base

Layout = Any

QUERIES: dict[str, Callable[[Layout], Any]] = {
    "all": lambda layout: layout.get(return_type="file"),
    "raw": lambda layout: layout.get(scope="raw", return_type="file"),
    "derivatives": lambda layout: layout.get(scope="derivatives", return_type="file"),
    "one subject": lambda layout: layout.get(subject=layout.get_subjects()[0], return_type="file"),
    "two subjects": lambda layout: layout.get(subject=layout.get_subjects()[:2], suffix="T1w", return_type="file"),
    "images": lambda layout: layout.get(extension=["nii", "nii.gz"], return_type="file"),
    "datatype": lambda layout: layout.get(datatype="anat", extension=".nii.gz", return_type="file"),
    "pattern": lambda layout: layout.get(suffix="(T1w|bold|FLAIR)", regex_search=True, return_type="file"),
    "run": lambda layout: layout.get(run=1, return_type="file"),
    "no session": lambda layout: layout.get(session=Query.NONE, return_type="file"),
    "any session": lambda layout: layout.get(session=Query.ANY, return_type="file"),
    "metadata": lambda layout: layout.get(RepetitionTime=Query.ANY, return_type="file"),
    "metadata's value": lambda layout: layout.get(MagneticFieldStrength=3, return_type="file"),
    "unknown": lambda layout: layout.get(subbject="01"),
    "unknown, dropped": lambda layout: layout.get(subbject="01", invalid_filters="drop", return_type="file"),
    "subjects": lambda layout: layout.get_subjects(),
    "sessions": lambda layout: layout.get_sessions(),
    "tasks": lambda layout: layout.get_tasks(),
    "folders": lambda layout: layout.get(return_type="dir", target="subject"),
    "repetition time": lambda layout: layout.get_tr(),
    "terms": lambda layout: sorted(layout.get_entities(metadata=True)),
    "description": lambda layout: layout.get_dataset_description(),
    "summary": repr,
}
"""What a user asks of a whole layout."""

OF_A_FILE: dict[str, Callable[[Layout, str], Any]] = {
    "metadata": lambda layout, path: dict(layout.get_metadata(path)),
    "entities": lambda layout, path: layout.get_file(path).get_entities(metadata=None),
    "associations": lambda layout, path: sorted({file.path for file in layout.get_file(path).get_associations()}),
    "parents": lambda layout, path: sorted(
        {file.path for file in layout.get_file(path).get_associations(include_parents=True)}
    ),
    "informed by": lambda layout, path: sorted(
        {file.path for file in layout.get_file(path).get_associations(kind="InformedBy")}
    ),
    "bvec": lambda layout, path: layout.get_bvec(path),
    "fieldmap": lambda layout, path: layout.get_fieldmap(path, return_list=True),
    "nearest": lambda layout, path: layout.get_nearest(path, extension=".json", strict=False),
}
"""What a user asks of one file."""


def index_by_pybids(root: Path, validate: bool = True) -> Layout:
    """The layout as pybids itself indexes it."""
    derivatives = any(root.glob("derivatives/*/dataset_description.json"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bids.BIDSLayout(root, derivatives=derivatives, validate=validate)


def list_rows(layout: Layout) -> dict[str, dict[str, set[tuple[Any, ...]]]]:
    """Every row of every table of pybids, by dataset and table."""
    datasets = {"": layout, **layout.derivatives}
    return {name: dict(_list_tables(dataset)) for name, dataset in datasets.items()}


def _list_tables(layout: Layout) -> Iterator[tuple[str, set[tuple[Any, ...]]]]:
    for name, table in Base.metadata.tables.items():
        yield name, {tuple(row) for row in layout.session.execute(table.select())}


def answer(call: Callable[..., Any], *arguments: Any) -> Any:
    """What a call gives; for an error its kind."""
    try:
        return call(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever pybids raises, both have to raise
        return type(error).__name__
