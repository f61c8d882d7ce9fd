"""Quality verdicts on PostgreSQL: written at once they are all kept in order, taken back, filed and rebuilt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from curation import quality
from curation.quality import Judgement
from registry.catalog import Catalog
from registry.maintenance import rebuild
from registry.store import ACTOR_ENVIRONMENT, Registry
from registry.vocabulary.verdicts import Verdict
from tests.support.cohorts import tiny_bids

IMAGES = [tiny_bids.image_path(subject) for subject in tiny_bids.SUBJECTS]


def test_verdicts_at_once_and_a_rebuild(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_ENVIRONMENT, "e01")
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda image: quality.record(cohort, Judgement(image, Verdict.ACCEPT)), IMAGES))
    assert sorted(action.number for action in made) == list(range(1, len(IMAGES) + 1))
    last = max(made, key=lambda action: action.number)
    assert quality.undo(cohort).taken_back.action_id == last.action_id
    assert quality.file_waiting(cohort, rested_s=3600) == []
    assert quality.file_waiting(cohort) == ["e01"]
    before = quality.list_verdicts(Catalog.of(cohort))
    assert {row["image"] for row in before} == set(IMAGES) - {last.image_path}
    rebuild.rebuild(cohort)
    assert quality.list_verdicts(Catalog.of(cohort)) == before
