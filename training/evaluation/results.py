"""The files that scoring leaves in a run's folder, and their one reader; it needs no torch, so pages use it too."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.evaluation.statistics import ALL

TABLE, LESIONS, FILE = "scores.csv", "lesions.csv", "evaluation.json"

NO_VALUE = "n/a"
"""The cell of a table that has no value."""


def read_evaluation(run_dir: Path) -> dict[str, Any] | None:
    """The content of `evaluation.json`, or None before a run was scored."""
    path = run_dir / FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def read_scores(run_dir: Path, numbers: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of `scores.csv`, one per source, image and label; none before a run was scored.

    Args:
        run_dir: the run's folder.
        numbers: names of columns that hold numbers; a cell without one is None, and so is a column that is not there.
    """
    path = run_dir / TABLE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [
            {key: None if text == NO_VALUE else text for key, text in row.items()} for row in csv.DictReader(stream)
        ]
    names = tuple(numbers)
    return [{**row, **{name: _number(row.get(name)) for name in names}} for row in rows]


def find_summary(parts: Sequence[Mapping[str, Any]], part: str) -> Mapping[str, Any]:
    """The model's summary of a scored part: over all labels where there are several, else of the only label."""
    lines = [line for line in parts if line["part"] == part and line["source"] == "model"]
    return next((line for line in lines if line["label"] == ALL), lines[0])


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
