"""What a run has written so far, read without torch: curves, scores, the cases it did worst."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.manifests import Manifest

Row = dict[str, Any]

_NUMBERS = ("dice", "hd95_mm", "assd_mm", "nsd", "reference_mm3", "predicted_mm3")


@dataclass(frozen=True)
class Case:
    """One image that a model answered.

    Attributes:
        image: the channel its reference was drawn on, as the subject page calls it; None takes that page's first.
        dice: None where nothing counts.
    """

    subject: str
    session: str | None
    image: str | None
    part: str
    site: str
    dice: float | None
    hd95_mm: float | None


def curve(lines: Sequence[Row], value: str) -> list[Row]:
    """Rows `minutes, epoch, value` of the epochs that state this value."""
    return [
        {"minutes": line.get("elapsed_s", 0) / 60, "epoch": line["epoch"], "value": line[value]}
        for line in lines
        if line.get(value) is not None
    ]


def summaries(folder: Path) -> list[Row]:
    """One summary per source, part and label, as `evaluate` wrote them; empty before it ran."""
    path = folder / "evaluation.json"
    if not path.is_file():
        return []
    found: list[Row] = json.loads(path.read_text(encoding="utf-8"))["parts"]
    return found


def scores(folder: Path) -> list[Row]:
    """The model's rows of `scores.csv`, one per image and label, numbers as numbers, `n/a` as None."""
    path = folder / "scores.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == "model"]
    return [{**row, **{key: _number(row.get(key)) for key in _NUMBERS}} for row in rows]


def worst(rows: Sequence[Row], manifest: Manifest, part: str, most: int = 8) -> list[Case]:
    """The images of a part with the lowest Dice, each by its worst label."""
    samples = {sample.sample: sample for sample in manifest.samples}
    lowest: dict[str, Row] = {}
    for row in rows:
        known = row["part"] == part and row["dice"] is not None and row["sample"] in samples
        if known and row["dice"] < lowest.get(row["sample"], {"dice": 2.0})["dice"]:
            lowest[row["sample"]] = row
    chosen = sorted(lowest.values(), key=lambda row: (row["dice"], row["sample"]))[:most]
    return [_case(row, samples[row["sample"]]) for row in chosen]


def _case(row: Row, sample: Any) -> Case:
    images = {ref.path: channel for channel, ref in sample.images.items()}
    drawn_on = images.get(sample.target.image) if sample.target else None
    return Case(
        sample.subject, sample.session, drawn_on, row["part"], sample.site or "not stated", row["dice"], row["hd95_mm"]
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
