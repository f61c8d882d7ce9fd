"""The orientation of a finished run, older runs included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from registry.errors import InvalidInput
from training.data.orientation import count_orientations, format_orientations, turn_to
from training.predict.derivatives import folder_of
from training.spec import KEEP, Config

_ABOVE = 3
"""A published run lies in `code/registry/runs/<id>` of its registry, its predictions in `derivatives`."""


def settle_finished(config: Config, run_dir: Path, record: Mapping[str, Any]) -> tuple[Config, str]:
    """The configuration of a finished run with its one orientation, and a sentence about it.

    Older versions trained each image as it was stored (`keep`) and recorded no orientation. Their predictions of
    held-out images are stored as those images are, and show it: the most frequent orientation counts.

    Args:
        config: from the run's folder.
        run_dir: that folder.
        record: the run's record.

    Returns:
        The configuration, and a sentence; it is empty where the run itself states its orientation.

    Raises:
        InvalidInput: an older run whose predictions are not at hand.
    """
    if config.recipe.orientation != KEEP:
        return config, ""
    codes = count_orientations(_list_predictions(run_dir, record))
    if not codes:
        raise InvalidInput(
            f"Run {record['run']} was trained on images as they were stored, and none of its predictions is here to "
            "show how that was.",
            f"Fetch derivatives/prediction-{record['run']}, or train again: runs of today state their orientation.",
        )
    chosen = codes[0][0]
    return turn_to(config, chosen), (
        f"This run is older than the record of orientations; its own predictions are stored as "
        f"{format_orientations(codes)}, so images are turned to {chosen}."
    )


def _list_predictions(run_dir: Path, record: Mapping[str, Any]) -> Iterator[Path]:
    """Predictions that are on this machine: in the run's folder, else where a registry publishes them."""
    above = [run_dir, *run_dir.resolve().parents[_ABOVE : _ABOVE + 1]]
    for entry in record["predictions"] or ():
        paths = (folder_of(folder, record["run"]) / entry["path"] for folder in above)
        yield from [path for path in paths if path.is_file()][:1]
