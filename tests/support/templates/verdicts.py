"""Verdicts on the images of the tiny cohort, for tests."""

from __future__ import annotations

from curation import quality
from curation.quality import Judgement
from registry.store import Registry
from registry.vocabulary.verdicts import Verdict
from tests.support.cohorts import tiny_bids

IMAGES = [tiny_bids.image_path(subject) for subject in tiny_bids.SUBJECTS]


def say(registry: Registry, image: str, verdict: str, *artifacts: str, comment: str = "") -> str:
    return quality.record(registry, Judgement(image, Verdict(verdict), artifacts, comment)).action_id


def standing(registry: Registry, rater: str = "e01") -> dict[str, tuple[str, str | None]]:
    return {row.image_path: (row.verdict, row.artifacts) for row in quality.of_rater(registry, rater)}
