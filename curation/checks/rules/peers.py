"""Rules that compare an image with the others of its site, channel, dataset, space and kind (`check.Peers`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from curation.checks.check import Check, Cohort, Hit
from curation.checks.measures.numbers import MEASURES, Measure

LEAST = 8
"""Images of a group below which none of them is called an outlier."""

FAR = 6.0
"""Robust z-score from which a measure is an outlier."""

_SPREAD = 0.05
"""The least spread (of the logarithm) that is believed; in a very uniform group anything would be an outlier."""

_COMMON = 0.1
"""Share of a group up to which a property is uncommon."""

_MANY, _MIXED = 2, 0.15
"""Number and share of outliers in a group above which the group is taken for a mix of several kinds of images."""

_EXTENT = 0.25


@dataclass(frozen=True)
class Group:
    """Values of one measure among images that are compared with each other.

    Attributes:
        values: path to value; values that are not positive are left out.
        median: median of these values.
        scores: path to robust z-score of the logarithm, (x - median) / (1.4826 MAD); empty for fewer than `LEAST`.
    """

    values: Mapping[str, float]
    median: float
    scores: Mapping[str, float]

    def is_outlier(self, measure: Measure, path: str) -> bool:
        """Whether the value is far in terms of the group's spread, and by so much that a person would see it."""
        ratio = self.values[path] / self.median
        return abs(self.scores.get(path, 0.0)) >= FAR and max(ratio, 1 / ratio) >= 1 + measure.least


def group(values: Mapping[str, float | None]) -> Group | None:
    """The group of these values, path to value; None where no value is positive."""
    known = {path: float(value) for path, value in values.items() if value is not None and value > 0}
    if not known:
        return None
    logs = np.log(list(known.values()))
    middle = float(np.median(logs))
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), _SPREAD)
    far = zip(known, (logs - middle) / spread, strict=True) if len(known) >= LEAST else ()
    return Group(known, float(np.exp(middle)), {path: float(z) for path, z in far})


def outliers(measure: Measure, cohort: Cohort) -> Iterable[Hit]:
    """Hits for images whose measure is far from the median; where many are, one hit for the channel, which is a mix."""
    unit = f" {measure.unit}" if measure.unit else ""
    for who, shots in cohort.peers.items():
        found = group({shot.path: shot.number(measure.name) for shot in shots})
        if found is None:
            continue
        odd = [path for path in found.scores if found.is_outlier(measure, path)]
        if len(odd) > max(_MANY, _MIXED * len(found.values)):
            yield Hit(
                who.channel,
                f"{len(odd):,} of {len(found.values):,} images ({who.of_channel} at {who.site}) are "
                f"far from the median of {measure.title.lower()} ({format_plainly(found.median)}{unit}): several kinds "
                "of images in one channel?",
                channel=who.channel,
            )
            continue
        for path in odd:
            yield Hit(
                path,
                f"{measure.title.lower()} is {format_plainly(found.values[path])}{unit}, the median of "
                f"{who.of_channel} at {who.site} is {format_plainly(found.median)}{unit}",
                round(found.scores[path], 2),
            )


def format_plainly(value: float) -> str:
    """The value with four digits: `1,385`, `68.68`, `0.0021`; from a million on as `3.2e+06`."""
    return f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.4g}"


def outlier_checks() -> tuple[Check, ...]:
    """A check for each measure."""

    def one(measure: Measure) -> Check:
        return Check(
            measure.code,
            f"{measure.title} is far from that of the images it is compared with (robust z of {FAR:g} or more).",
            "Look at the image beside another of its site: wrong channel, artifact, coil, or a rescaled export?",
            lambda cohort: outliers(measure, cohort),
            version="3",
        )

    return tuple(one(measure) for measure in MEASURES)


def negative(cohort: Cohort) -> Iterable[Hit]:
    """Hits for images with negative values where the rest of the group has none."""
    for shots in cohort.peers.values():
        holders = [shot for shot in shots if (shot.number("negative_share") or 0) > 0]
        if len(shots) >= LEAST and len(holders) <= _COMMON * len(shots):
            for shot in holders:
                yield Hit(
                    shot.path,
                    f"holds negative values, down to {shot.number('minimum'):g}; the others of "
                    f"{shot.channel} hold none",
                    shot.number("negative_share"),
                )


def border(cohort: Cohort) -> Iterable[Hit]:
    """Hits for images whose content touches a face of the field of view that the rest of the group keeps clear."""
    names = {"L": "left", "R": "right", "P": "posterior", "A": "anterior", "I": "inferior", "S": "superior"}
    for shots in cohort.peers.values():
        for face, name in names.items():
            touching = [shot for shot in shots if face in (shot.number("touches") or "")]
            if len(shots) >= LEAST and len(touching) <= _COMMON * len(shots):
                for shot in touching:
                    yield Hit(shot.path, f"its content touches the {name} border, that of the others does not")


def extent(cohort: Cohort) -> Iterable[Hit]:
    """Hits for images whose content extends unlike that of their group."""
    for shots in cohort.peers.values():
        for axis, name in zip("ras", ("left to right", "back to front", "bottom to top"), strict=True):
            values = {shot.path: float(shot.number(f"extent_{axis}_mm") or 0) for shot in shots}
            yield from _compare_extents(values, name)


def _compare_extents(values: Mapping[str, float], direction: str) -> Iterable[Hit]:
    known = np.array(list(values.values()))
    if len(known) < LEAST:
        return
    median = float(np.median(known))
    allowed = max(FAR * 1.4826 * float(np.median(np.abs(known - median))), _EXTENT * median)
    for path, value in values.items():
        if abs(value - median) > allowed:
            yield Hit(
                path,
                f"its content reaches over {value:.0f} mm {direction}, that of the others over {median:.0f} mm",
                round(value - median, 1),
            )


def empty_slices(cohort: Cohort) -> Iterable[Hit]:
    """Hits for images with more empty slices at one end than their group; in a small group, more than half of all."""
    for shots in cohort.peers.values():
        ends = np.array([float(shot.number("empty_end_mm") or 0) for shot in shots])
        usual = float(np.percentile(ends, 90)) if len(ends) >= LEAST else None
        for shot, end in zip(shots, ends, strict=True):
            share = shot.number("empty_share") or 0
            alone = usual is None and share > 0.5
            if alone or (usual is not None and share >= 0.1 and end > 1.5 * usual + 10):
                yield Hit(shot.path, f"{share:.0%} of its slices are empty, {end:.0f} mm at one end", share)
