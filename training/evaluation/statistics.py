"""From per-image rows to one line per source, part and label: means over persons, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from training.evaluation.profiles.default import BOTH_EMPTY, FAILED, MEASURES

ALL = "foreground"
"""The pseudo label that stands for the mean over an image's labels."""

Row = Mapping[str, Any]

_COUNTS = ("lesions_reference", "lesions_predicted", "lesions_detected", "lesions_false")


def summarise(rows: Sequence[Row], resamples: int, seed: int) -> list[dict[str, Any]]:
    """One summary per (source, part, label), and one over the labels of each image, in the order they first appear.

    `source` is who drew it: `model` or a rater; `experts` pools the raters.

    Args:
        rows: per-image rows with `source`, `part`, `label_name`, `person`, `sample`, `status` and the measures.
        resamples: of persons, for the intervals.
        seed: of the resampling.

    Returns:
        Dicts with `source`, `part`, `label`, `n` (images), `n_persons`, `n_na`, `n_failed`, and for each measure
        `mean`, `sd`, `median`, `ci95` over persons (each person's images averaged first); None where nothing counts.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in [*rows, *_foreground(rows)]:
        for source in (row["source"], *(("experts",) if row["source"] != "model" else ())):
            groups.setdefault((source, row["part"] or "none", row["label_name"]), []).append(row)
    return [
        {"source": source, "part": part, "label": label, **_summary(group, resamples, seed)}
        for (source, part, label), group in groups.items()
    ]


def interval(values: np.ndarray, resamples: int, seed: int) -> tuple[float, float]:
    """95 % percentile bootstrap interval of a mean; the values are one per person."""
    generator = np.random.default_rng(seed)
    means = values[generator.integers(0, len(values), size=(resamples, len(values)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _summary(group: Sequence[Row], resamples: int, seed: int) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    for measure in MEASURES:
        values = _per_person(group, measure)
        measured[measure] = _spread(values, resamples, seed) if len(values) else None
    return {
        "n": len(group),
        "n_persons": len({row["person"] for row in group}),
        "n_na": sum(row["status"] == BOTH_EMPTY for row in group),
        "n_failed": sum(row["status"] in FAILED for row in group),
        **measured,
        **_lesions(group),
    }


def _spread(values: np.ndarray, resamples: int, seed: int) -> dict[str, Any]:
    low, high = interval(values, resamples, seed)
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        "median": float(np.median(values)),
        "ci95": [low, high],
    }


def _per_person(group: Sequence[Row], measure: str) -> np.ndarray:
    persons: dict[str, list[float]] = {}
    for row in group:
        if row[measure] is not None:
            persons.setdefault(row["person"], []).append(row[measure])
    return np.array([np.mean(persons[person]) for person in sorted(persons)])


def _lesions(group: Sequence[Row]) -> dict[str, Any]:
    if any(row.get(name) is None for row in group for name in _COUNTS):
        return {}
    total = {name: sum(row[name] for row in group) for name in _COUNTS}
    reference, predicted = total["lesions_reference"], total["lesions_predicted"]
    return {
        **total,
        "lesion_recall": total["lesions_detected"] / reference if reference else None,
        "lesion_precision": (predicted - total["lesions_false"]) / predicted if predicted else None,
    }


def _foreground(rows: Sequence[Row]) -> Iterable[Row]:
    """One row per image with the mean over its labels, where there are several labels."""
    images: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        images.setdefault((row["source"], row["sample"]), []).append(row)
    for labels in images.values():
        if len(labels) > 1:
            states = [row["status"] for row in labels]
            failed = next((state for state in states if state in FAILED), None)
            status = BOTH_EMPTY if set(states) == {BOTH_EMPTY} else failed or "scored"
            yield {**labels[0], "label_name": ALL, "status": status, **_means(labels), **dict.fromkeys(_COUNTS)}


def _means(labels: Sequence[Row]) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for measure in MEASURES:
        values = [row[measure] for row in labels if row[measure] is not None]
        out[measure] = float(np.mean(values)) if values else None
    return out
