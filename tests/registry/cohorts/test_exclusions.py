"""Exclusions: honoured by every later snapshot, told with their reason, taken back without a trace in the selection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from curation import quality
from curation.persons import links
from registry import snapshots
from registry.bids import places
from registry.cohorts import exclusions
from registry.errors import NotFound, UsageError
from registry.files.canonical import read_tsv, sha256_file
from registry.maintenance import rebuild
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.vocabulary.verdicts import Verdict
from tests.support.cohorts import frozen_cohort

FIRST = parse_policy(["expert:e01"])


@pytest.mark.parametrize(
    ("unit", "gone"),
    [
        ("P006", {"sub-A006_ses-M00", "sub-A007_ses-M00"}),
        ("sub-A006", {"sub-A006_ses-M00"}),
        ("sub-A006/ses-M00", {"sub-A006_ses-M00"}),
        (frozen_cohort.image("sub-A006", "T1w"), {"sub-A006_ses-M00"}),
    ],
)
def test_every_kind_of_unit_is_honoured_and_told(registry: Registry, unit: str, gone: set[str]) -> None:
    before = snapshots.create(registry, "both", None, FIRST)
    exclusions.exclude(registry, unit, "motion", "moved in every scan")
    after = snapshots.create(registry, "both", None, FIRST)
    assert {item.sample for item in before.samples} - {item.sample for item in after.samples} == gone
    assert {(item.unit, item.reason) for item in after.excluded} == {(key, "excluded:motion") for key in gone}


def test_an_image_that_is_not_asked_for_excludes_nothing(registry: Registry) -> None:
    before = snapshots.create(registry, "flair", None, FIRST)
    exclusions.exclude(registry, frozen_cohort.image("sub-A006", "T1w"), "motion")
    assert snapshots.create(registry, "flair", None, FIRST) == before


def test_reinstating_gives_the_same_snapshot_again(registry: Registry) -> None:
    before = snapshots.create(registry, "flair", "main", FIRST)
    exclusions.exclude(registry, "sub-A001", "motion")
    assert snapshots.create(registry, "flair", "main", FIRST).snapshot_id != before.snapshot_id
    exclusions.reinstate(registry, "sub-A001")
    assert snapshots.create(registry, "flair", "main", FIRST).snapshot_id == before.snapshot_id


def test_rebuild_gives_the_same_exclusions(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    exclusions.exclude(registry, "P001", "motion")
    exclusions.exclude(registry, "sub-A002", "wrong-protocol", "echo time")
    monkeypatch.setenv("COHORTIUM_ACTOR", "e02")
    exclusions.confirm(registry, "P001")
    before = [item.model_dump() for item in exclusions.list_exclusions(registry)]
    rebuild.rebuild(registry)
    assert [item.model_dump() for item in exclusions.list_exclusions(registry)] == before
    assert [row["second_rater_id"] for row in read_tsv(registry.root / places.EXCLUSIONS)] == ["e02", None]


def test_a_rejected_image_is_left_out(registry: Registry) -> None:
    quality.record(registry, quality.Judgement(frozen_cohort.image("sub-A003"), Verdict.REJECT))
    made = snapshots.create(registry, "flair", None, FIRST)
    assert [(item.unit, item.reason) for item in made.excluded] == [("sub-A003_ses-M00", "excluded:quality-reject")]


def test_a_person_is_excluded_whole_whoever_it_turns_out_to_be(registry: Registry) -> None:
    exclusions.exclude(registry, "P005", "consent-withdrawn")
    links.confirm(registry, "sub-A004", "sub-A005", links.LinkDecision("same person, by the centre's own list"))
    made = snapshots.create(registry, "flair", None, FIRST)
    assert {item.unit: item.reason for item in made.excluded} == {
        f"sub-A00{number}_ses-M00": "excluded:consent-withdrawn" for number in (4, 5)
    }
    exclusions.reinstate(registry, "P005")
    exclusions.exclude(registry, "P005", "motion")
    assert {item.unit for item in snapshots.create(registry, "flair", None, FIRST).excluded} == {
        item.unit for item in made.excluded
    }


def test_the_first_reader_cannot_be_the_second(registry: Registry) -> None:
    exclusions.exclude(registry, "P001", "motion")
    with pytest.raises(UsageError, match="cannot be the second rater"):
        exclusions.confirm(registry, "P001")


@pytest.mark.parametrize(
    ("unit", "reason", "comment", "error", "sentence"),
    [
        ("P999", "motion", None, NotFound, "no person, subject, session or image 'P999'"),
        ("P001", "Motion!", None, UsageError, "cannot be a reason"),
        ("P001", "motion", "two\nlines", UsageError, "line break"),
    ],
)
def test_mistakes_change_nothing(
    registry: Registry, unit: str, reason: str, comment: str | None, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        exclusions.exclude(registry, unit, reason, comment)
    assert not exclusions.list_exclusions(registry)
    assert not (registry.root / places.EXCLUSIONS).exists()


def test_another_reason_needs_reinstating_first(registry: Registry) -> None:
    exclusions.exclude(registry, "P001", "motion")
    checksum = sha256_file(registry.root / places.EXCLUSIONS)
    exclusions.exclude(registry, "P001", "motion")
    with pytest.raises(UsageError, match="excluded already: motion"):
        exclusions.exclude(registry, "P001", "artifact")
    with pytest.raises(NotFound, match="P002 is not excluded"):
        exclusions.reinstate(registry, "P002")
    assert sha256_file(registry.root / places.EXCLUSIONS) == checksum


def test_exclusions_made_at_once_are_all_kept(registry: Registry) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda subject: exclusions.exclude(registry, subject, "motion"), frozen_cohort.SUBJECTS[:4]))
    assert [item.unit for item in exclusions.list_exclusions(registry)] == list(frozen_cohort.SUBJECTS[:4])


def test_the_history_of_what_is_not_there_is_no_empty_history(registry: Registry) -> None:
    assert exclusions.history(registry, "P001") == []
    with pytest.raises(NotFound, match="nobody"):
        exclusions.history(registry, "nobody")
