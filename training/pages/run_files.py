"""The files of a run, read without torch: curves, scores, and the images with the worst scores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.manifests import Manifest
from training.evaluation.metrics.metric import Column, Direction
from training.evaluation.profiles.table import read_columns
from training.evaluation.results import read_evaluation, read_scores

Row = dict[str, Any]

_VOLUMES = ("reference_mm3", "predicted_mm3")


@dataclass(frozen=True)
class WorstImage:
    """One of the images that the model segmented worst.

    Attributes:
        image: the channel on which its reference was drawn, as the subject page names it; None shows that page's first.
        values: the measures by name; None where an image has no value.
    """

    subject: str
    session: str | None
    image: str | None
    part: str
    site: str
    values: Mapping[str, float | None]


def record(folder: Path) -> Row:
    """The run's record as it lies there; a page shows it also where somebody changed it."""
    found: Row = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return found


def curve(lines: Sequence[Row], value: str) -> list[Row]:
    """Rows with `minutes`, `epoch` and `value`, one for each epoch that has this value."""
    return [
        {"minutes": line.get("elapsed_s", 0) / 60, "epoch": line["epoch"], "value": line[value]}
        for line in lines
        if line.get(value) is not None
    ]


def summaries(folder: Path) -> list[Row]:
    """One summary per source, part and label, as `evaluate` wrote them; empty before that."""
    parts: list[Row] = (read_evaluation(folder) or {}).get("parts", [])
    return parts


def scores(folder: Path) -> list[Row]:
    """The model's rows of `scores.csv`, one per image and label; numbers are floats, None where there is no value."""
    rows = read_scores(folder, (*columns(folder), *_VOLUMES))
    return [row for row in rows if row["source"] == "model"]


def columns(folder: Path) -> dict[str, Column]:
    """The measures by which a run was scored, the most important first."""
    return read_columns(read_evaluation(folder) or {})


def worst(
    rows: Sequence[Row], columns: Mapping[str, Column], manifest: Manifest, part: str, most: int = 8
) -> list[WorstImage]:
    """The images of a part that are worst by the first measure, each by its worst label.

    Args:
        rows: as `scores` returns them.
        columns: the measures, the first one decides.
        manifest: the run's snapshot.
        part: such as `test`.
        most: the largest number of images.
    """
    name, column = next(iter(columns.items()))
    sign = 1 if column.direction is Direction.HIGHER else -1
    samples = {sample.sample: sample for sample in manifest.samples}
    known = [row for row in rows if row["part"] == part and row[name] is not None and row["sample"] in samples]
    chosen: dict[str, Row] = {}
    for row in sorted(known, key=lambda row: (sign * row[name], row["sample"])):
        chosen.setdefault(row["sample"], row)
    return [_worst_image(row, samples[row["sample"]], columns) for row in list(chosen.values())[:most]]


def _worst_image(row: Row, sample: Any, columns: Iterable[str]) -> WorstImage:
    images = {ref.path: channel for channel, ref in sample.images.items()}
    drawn_on = images.get(sample.target.image) if sample.target else None
    values = {name: row[name] for name in columns}
    return WorstImage(sample.subject, sample.session, drawn_on, row["part"], sample.site or "not stated", values)
