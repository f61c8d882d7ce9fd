"""Summaries of per-image rows, one per source, part and label: means over persons, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from registry.measures.bootstrap import mean_interval
from training.evaluation.profiles.profile import FAILED, Profile, Row, Status

ALL = "foreground"
"""The pseudo label that stands for the mean over an image's labels."""


def summarise(profile: Profile, rows: Sequence[Row], resamples: int, seed: int) -> list[dict[str, Any]]:
    """One summary per (source, part, label), and one over the labels of each image, in the order they first appear.

    `source` says who segmented: `model` or a rater; `experts` pools the raters.

    Args:
        profile: names the columns that are measures, and pools numbers that are no means.
        rows: per-image rows with `source`, `part`, `label_name`, `person`, `sample`, `status` and the measures.
        resamples: number of resamples of persons for the intervals.
        seed: seed of the resampling.

    Returns:
        Dicts with `source`, `part`, `label`, `n` (images), `n_persons`, `n_na`, `n_failed`, and for each measure
        `mean`, `sd`, `median`, `ci95` over persons (each person's images averaged first); None where there is no value.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in [*rows, *_foreground(rows, profile.columns)]:
        for source in (row["source"], *(("experts",) if row["source"] != "model" else ())):
            groups.setdefault((source, row["part"] or "none", row["label_name"]), []).append(row)
    return [
        {
            "source": source,
            "part": part,
            "label": label,
            **_summary(group, profile.columns, resamples, seed),
            **(profile.pool(group) if label != ALL else {}),
        }
        for (source, part, label), group in groups.items()
    ]


def _summary(group: Sequence[Row], measures: Iterable[str], resamples: int, seed: int) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    for measure in measures:
        values = _average_per_person(group, measure)
        measured[measure] = _spread(values, resamples, seed) if len(values) else None
    return {
        "n": len(group),
        "n_persons": len({row["person"] for row in group}),
        "n_na": sum(row["status"] == Status.BOTH_EMPTY for row in group),
        "n_failed": sum(row["status"] in FAILED for row in group),
        **measured,
    }


def _spread(values: np.ndarray, resamples: int, seed: int) -> dict[str, Any]:
    low, high = mean_interval(values, resamples, seed)
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        "median": float(np.median(values)),
        "ci95": [low, high],
    }


def _average_per_person(group: Sequence[Row], measure: str) -> np.ndarray:
    persons: dict[str, list[float]] = {}
    for row in group:
        if row[measure] is not None:
            persons.setdefault(row["person"], []).append(row[measure])
    return np.array([np.mean(persons[person]) for person in sorted(persons)])


def _foreground(rows: Sequence[Row], measures: Iterable[str]) -> Iterable[Row]:
    """One row per image with the mean over its labels, where there are several labels."""
    images: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        images.setdefault((row["source"], row["sample"]), []).append(row)
    for labels in images.values():
        if len(labels) > 1:
            states = [row["status"] for row in labels]
            failed = next((state for state in states if state in FAILED), None)
            status = Status.BOTH_EMPTY if set(states) == {Status.BOTH_EMPTY} else failed or Status.SCORED
            yield {**labels[0], "label_name": ALL, "status": status, **_means(labels, measures)}


def _means(labels: Sequence[Row], measures: Iterable[str]) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for measure in measures:
        values = [row[measure] for row in labels if row[measure] is not None]
        out[measure] = float(np.mean(values)) if values else None
    return out
