"""Leaks of a registry: merged persons, series in two parts, and weights that have seen a test person."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curation.persons import links
from curation.persons.links import LinkDecision
from registry import snapshots
from registry.bids import places
from registry.cohorts import leaks, queries, splits
from registry.cohorts.leakage import ANCESTOR
from registry.errors import SplitError
from registry.manifests import PARTS
from registry.publishing import Change, publish
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from tests.support.cohorts import tiny_bids

SEEN = LinkDecision("looked at both", "r01")


@pytest.fixture
def divided(cohort: Registry) -> Registry:
    """The tiny cohort with a split of its persons."""
    queries.save(cohort, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR'")
    splits.create(cohort, "parts", "flair")
    assert leaks.check_split(cohort, "parts") == []
    return cohort


def who(subject: str) -> str:
    declared: str = tiny_bids.participant(subject)["person_id"]
    return declared


def apart(registry: Registry) -> tuple[str, str]:
    """Two subjects whose persons are in different parts."""
    parts = splits.assignments(registry, splits.get(registry, "parts"))
    subjects = {who(subject): subject for subject in tiny_bids.SUBJECTS}
    train = next(person for person, part in sorted(parts.items()) if part == "train")
    test = next(person for person, part in sorted(parts.items()) if part == "test")
    return subjects[train], subjects[test]


def test_persons_merged_across_parts_are_a_leak_that_names_two_files(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    (leak,) = leaks.check_split(divided, "parts")
    assert leak.kind == "person"
    assert {leak.first_part, leak.second_part} == {"train", "test"}
    assert {who(path.split("/")[0]) for path in (leak.first, leak.second)} == {who(a), who(b)}


def test_a_split_without_strata_divides_everybody(divided: Registry) -> None:
    made = splits.create(divided, "plain", "flair", splits.SplitRequest(stratify=()))
    assert len(splits.assignments(divided, made)) == 5


def test_a_split_whose_persons_were_merged_cannot_go_on_silently(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    first, second = who(a), who(b)
    with pytest.raises(SplitError, match="are one person and cannot keep their parts") as error:
        splits.create(divided, "parts", "flair", splits.SplitRequest(seed=1))
    assert first in error.value.message
    assert second in error.value.message
    assert "new name" in error.value.hint
    with pytest.raises(SplitError, match="are one person"):
        snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    assert splits.create(divided, "fresh", "flair", splits.SplitRequest((0.5, 0.5, 0)))
    assert leaks.check_split(divided, "fresh") == []
    links.clear(divided, a, b, SEEN)
    assert leaks.check_split(divided, "parts") == []


def test_persons_merged_within_a_part_keep_it(divided: Registry) -> None:
    parts = splits.assignments(divided, splits.get(divided, "parts"))
    subjects = {who(subject): subject for subject in tiny_bids.SUBJECTS}
    first, second = [person for person, part in sorted(parts.items()) if part == "train"][:2]
    links.confirm(divided, subjects[first], subjects[second], SEEN)
    assert leaks.check_split(divided, "parts") == []
    made = splits.create(divided, "parts", "flair", splits.SplitRequest(seed=9))
    assert made.version == 2
    assert parts.items() <= splits.assignments(divided, made).items(), "every earlier assignment stands"


def test_a_frozen_cohort_is_judged_by_the_persons_of_today(divided: Registry) -> None:
    frozen = snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    assert leaks.check_snapshot(divided, frozen) == []
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    assert {leak.kind for leak in leaks.check_snapshot(divided, frozen)} == {"person"}


@pytest.mark.parametrize(("field", "kind"), [("SeriesInstanceUID", "series"), ("StudyInstanceUID", "study")])
def test_one_series_in_two_parts_is_a_leak(divided: Registry, field: str, kind: str) -> None:
    a, b = apart(divided)
    paths = [tiny_bids.image_path(subject, "FLAIR", ".json") for subject in (a, b)]

    def write(tree: Path) -> None:
        for path in paths:
            tiny_bids.put_json(tree, path, {field: "5a17ed"})

    publish(divided, Change("import", "UIDs", replaces=frozenset(paths)), write)
    (leak,) = leaks.check_split(divided, "parts")
    assert (leak.kind, leak.key) == (kind, "5a17ed")
    assert {leak.first.split("/")[0], leak.second.split("/")[0]} == {a, b}


def finish_run(registry: Registry, run: str, snapshot_id: str, parent: str | None = None) -> None:
    record = {
        "run": run,
        "name": "demo",
        "status": "trained",
        "data": {"snapshot": snapshot_id},
        "parent_run": parent,
        "model": {"initial_weights": {"run": parent} if parent else None},
    }
    path = f"{places.RUNS}/{run}/run.json"
    publish(registry, Change("run", run), lambda tree: tiny_bids.put_json(tree, path, record))


def test_weights_that_have_seen_a_test_person_are_found_through_every_ancestor(divided: Registry) -> None:
    policy = parse_policy(["expert:e01"])
    frozen = snapshots.create(divided, "flair", "parts", policy)
    splits.create(divided, "other", "flair", splits.SplitRequest(seed=5, stratify=()))
    other = snapshots.create(divided, "flair", "other", policy)
    finish_run(divided, "r1", other.snapshot_id)
    finish_run(divided, "r2", frozen.snapshot_id, "r1")
    rank = {part: number for number, part in enumerate(PARTS)}
    before = {item.person: rank[str(item.part)] for item in other.samples}
    spoilt = {item.person for item in frozen.samples if before[item.person] < rank[str(item.part)]}
    assert spoilt, "the two splits differ"
    found = leaks.check_snapshot(divided, frozen, ["r2"])
    assert {leak.kind for leak in found} == {ANCESTOR}
    assert {leak.key for leak in found} == {"r1 (weights)"}
    assert leaks.check_snapshot(divided, frozen, []) == []


def test_an_ancestor_nobody_knows_is_refused(divided: Registry) -> None:
    frozen = snapshots.create(divided, "flair", "parts", parse_policy(["expert:e01"]))
    with pytest.raises(SplitError, match="run r9 is not on this machine"):
        leaks.check_snapshot(divided, frozen, ["r9"])
    finish_run(divided, "r8", "0" * 64)
    with pytest.raises(SplitError, match="cohort that run r8 learned from is not here"):
        leaks.check_snapshot(divided, frozen, ["r8"])


def test_split_check_exits_with_six_and_says_which_files(divided: Registry) -> None:
    a, b = apart(divided)
    links.confirm(divided, a, b, SEEN)
    command = [sys.executable, "-m", "registry", "--registry", str(divided.root), "split", "check", "parts", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 6
    (leak,) = json.loads(done.stdout)["leaks"]
    assert leak["kind"] == "person"
    assert a in leak["first"] + leak["second"]
