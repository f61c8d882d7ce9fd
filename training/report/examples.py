"""Pictures of the best, median and worst image of a part."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import torch

from registry.files.volumes import load_labels
from registry.manifests import Manifest, Sample
from training.data.preprocessing import grid_of
from training.data.resampling import Array, move
from training.data.samples import Source, as_3d, foreground_labels, read_truth, read_volume, target_of
from training.evaluation.metrics.metric import Column, Direction
from training.evaluation.statistics import ALL
from training.predict.derivatives import folder_of
from training.report.overlay import OverlayImage, draw
from training.spec import Preprocessing


@dataclass(frozen=True)
class Scores:
    """One measure of several images.

    Attributes:
        column: the measure.
        values: sample key to the mean over its labels; images without a value are left out.
    """

    column: Column
    values: Mapping[str, float]


@dataclass(frozen=True)
class Example:
    """One picture and the words below it."""

    title: str
    sample: str
    score: str
    picture: str


def examples(run_dir: Path, record: Mapping[str, Any], manifest: Manifest, root: Path, scores: Scores) -> list[Example]:
    """The best, median and worst image by one measure; fewer where fewer images have a value.

    Args:
        run_dir: the run's folder.
        record: the record of the run.
        manifest: the snapshot of the run.
        root: folder the manifest's paths are relative to.
        scores: the measure of each image of a part.
    """
    channels, labels = tuple(record["data"]["channels"]), foreground_labels(manifest)
    source = Source(root, channels, labels, Preprocessing(), verify=False, structures=manifest.classes)
    samples = {sample.sample: sample for sample in manifest.samples}
    paths = {entry["sample"]: folder_of(run_dir, record["run"]) / entry["path"] for entry in record["predictions"]}
    channel = record["data"]["reference_channel"]
    return [
        Example(
            title, key, scores.column.format(scores.values[key]), _picture(source, samples[key], paths[key], channel)
        )
        for title, key in chosen(scores.values, scores.column.direction)
    ]


def chosen(scores: Mapping[str, float], direction: Direction = Direction.HIGHER) -> list[tuple[str, str]]:
    """(`Best`, sample), (`Median`, sample) and (`Worst`, sample); no sample appears twice."""
    sign = -1 if direction is Direction.HIGHER else 1
    ranked = sorted(scores, key=lambda key: (sign * scores[key], key))
    picked: dict[str, str] = {}
    for title, rank in (("Best", 0), ("Worst", len(ranked) - 1), ("Median", len(ranked) // 2)):
        if ranked and ranked[rank] not in picked.values():
            picked[title] = ranked[rank]
    return [(title, picked[title]) for title in ("Best", "Median", "Worst") if title in picked]


def image_scores(rows: Sequence[Mapping[str, Any]], part: str, columns: Mapping[str, Column]) -> Scores:
    """The first measure of each image of a part, as the model segmented it.

    Args:
        rows: the rows of the score table.
        part: such as `test`.
        columns: the profile's measures.
    """
    name, column = next(iter(columns.items()))
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["source"] == "model" and row["part"] == part and row["label_name"] != ALL and row[name] is not None:
            found.setdefault(row["sample"], []).append(row[name])
    return Scores(column, {key: sum(values) / len(values) for key, values in found.items()})


def figure(example: Example) -> str:
    """The example as HTML."""
    caption = f"<b>{example.title}</b> {escape(example.sample)}<br>{escape(example.score)}"
    alt = escape(f"{example.title}: {example.sample}, axial slice with both outlines")
    return f'<figure><img alt="{alt}" src="{example.picture}"><figcaption>{caption}</figcaption></figure>'


def _picture(source: Source, sample: Sample, predicted: Path, channel: str) -> str:
    target_of(sample)
    reference = read_truth(source, sample.targets)
    prediction = as_3d(load_labels(predicted), predicted.name)
    image = read_volume(source, sample.images[channel])
    moved = move(torch.from_numpy(image.data)[None], grid_of(image), grid_of(reference))[0].numpy()
    return data_url(draw(OverlayImage(moved, reference.data, prediction.data, reference.affine_ras)))


def data_url(pixels: Array) -> str:
    """The picture as an address for `<img src>`, with all its data.

    Args:
        pixels: (height, width, 3) uint8; row 0 is the top.
    """
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
