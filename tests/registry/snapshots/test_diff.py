"""Laws of the comparison of two snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from registry import snapshots
from registry.cohorts import exclusions, queries
from registry.errors import NotFound
from registry.manifests import Manifest, Sample, Truth
from registry.snapshots.diff import NOT_SELECTED, diff
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from tests.support.cohorts import frozen_cohort


@pytest.fixture
def first(registry: Registry) -> Manifest:
    return snapshots.create(registry, "flair", "main", parse_policy(["expert:e01"]))


def test_a_snapshot_does_not_differ_from_itself(registry: Registry, first: Manifest) -> None:
    again = snapshots.get(registry, first.snapshot_id)
    assert diff(first, again).empty
    assert diff(again, first).empty


def test_the_mirror_image(registry: Registry, first: Manifest) -> None:
    exclusions.exclude(registry, "P002", "motion")
    second = snapshots.create(registry, "both", None, parse_policy(["expert:e02"]))
    there, back = diff(first, second), diff(second, first)
    assert [item.sample for item in there.removed] == [item.sample for item in back.added]
    assert [item.sample for item in there.changed] == [item.sample for item in back.changed]
    swapped = [(one.what, one.after, one.before) for item in there.changed for one in item.differences]
    assert swapped == [(one.what, one.before, one.after) for item in back.changed for one in item.differences]
    assert {one.what for one in there.settings} == {one.what for one in back.settings}


def test_empty_exactly_when_the_ids_are_equal(first: Manifest) -> None:
    sample = first.samples[0]
    assert sample.target
    variants = [
        replace(first, labels={**first.labels, "2": "core"}),
        replace(first, licences=("CC0",)),
        replace(first, channels=("T1w",)),
        replace(first, samples=first.samples[1:]),
        replace(first, samples=(replace(sample, part="none"), *first.samples[1:])),
        *(replace(first, samples=(replace(sample, truths=truths), *first.samples[1:])) for truths in _variants(sample)),
    ]
    for one in [first, *variants]:
        for other in [first, *variants]:
            assert diff(one, other).empty == (one.snapshot_id == other.snapshot_id)


def _variants(sample: Sample) -> Iterator[tuple[Truth, ...]]:
    """Without a target, without a reading, with a target of another size, meaning and rater."""
    target, *others = sample.truths
    yield (replace(target, use="evaluation"), *others)
    yield (target, *others[1:])
    for change in ({"size": 1}, {"labels": {"2": "core"}}, {"source": "e09"}):
        yield (replace(target, **change), *others)


def test_a_sample_that_the_query_no_longer_returns_says_so(registry: Registry, first: Manifest) -> None:
    queries.save(registry, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR' AND subject <> 'sub-A001'")
    second = snapshots.create(registry, "flair", "main", parse_policy(["expert:e01"]))
    found = diff(first, second)
    assert [(item.sample, item.reason) for item in found.removed] == [("sub-A001_ses-M00", NOT_SELECTED)]
    assert {"query.sql", "query.version"} <= {item.what for item in found.settings}
    assert diff(first, second, {"sub-A001": "motion"}).removed[0].reason == "excluded:motion"


def test_an_exclusion_is_the_reason(registry: Registry, first: Manifest) -> None:
    exclusions.exclude(registry, "P006", "consent-withdrawn")
    second = snapshots.create(registry, "flair", "main", parse_policy(["expert:e01"]))
    found = diff(first, second)
    assert [item.sample for item in found.removed] == ["sub-A006_ses-M00", "sub-A007_ses-M00"]
    assert {item.reason for item in found.removed} == {"excluded:consent-withdrawn"}
    assert [found.settings, found.added, found.changed, found.exclusions] == [()] * 4


def test_a_target_of_another_rater_is_told_as_one(registry: Registry, first: Manifest) -> None:
    second = snapshots.create(registry, "flair", "main", parse_policy(["expert:e02"]))
    found = diff(first, second)
    assert len(found.changed) == len(frozen_cohort.SUBJECTS)
    assert {one.what for item in found.changed for one in item.differences} == {"target", "target source"}


def test_unknown_snapshots_are_named(registry: Registry, first: Manifest) -> None:
    with pytest.raises(NotFound, match="no snapshot 'feedbeef'"):
        snapshots.compare(registry, first.snapshot_id, "feedbeef")
