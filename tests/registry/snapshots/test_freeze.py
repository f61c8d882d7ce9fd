"""The same registry state gives the same id everywhere; a snapshot names exactly what is missing or changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from registry import snapshots
from registry.catalog import Catalog
from registry.cohorts import queries, splits
from registry.errors import InvalidInput, NotFound, QueryError, UsageError
from registry.maintenance.creation import create
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.snapshots.selection import select
from registry.snapshots.targets import TargetPolicy, parse_policy
from registry.store import Registry
from tests.support.cohorts import tiny_bids
from tests.support.templates import registry_state

FLAIR = "SELECT * FROM images WHERE suffix = 'FLAIR'"
EXPERT = parse_policy(["expert:e01"])


def freeze(registry: Registry) -> str:
    queries.save(registry, "flair", FLAIR)
    splits.create(registry, "s", "flair")
    return snapshots.create(registry, "flair", "s", EXPERT).snapshot_id


def test_the_same_files_delivered_in_another_order_give_the_same_id(
    cohort: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine: another folder, another actor, one delivery a subject, in reverse order."""
    monkeypatch.setenv("COHORTIUM_ACTOR", "somebody")
    other = create(tmp_path / "elsewhere" / "another name", "Tiny")
    for subject in reversed(tiny_bids.SUBJECTS):
        publish(other, Change("import", subject), lambda tree, s=subject: tiny_bids.write_cohort(tree, [s]))
    assert freeze(other) == freeze(cohort)
    commit_pending(other)


def test_freezing_twice_gives_one_snapshot(cohort: Registry) -> None:
    assert freeze(cohort) == freeze(cohort)
    assert len(snapshots.list_snapshots(cohort)) == 1


def test_a_clone_that_was_rebuilt_gives_the_same_id(copies: Callable[[], Registry]) -> None:
    from registry.maintenance import rebuild

    one, other = copies(), copies()
    for left in other.local.glob("registry.sqlite*"):
        left.unlink()
    rebuild.rebuild(other)
    assert freeze(one) == freeze(other)


def test_a_new_reading_gives_another_id_and_the_first_still_verifies(cohort: Registry) -> None:
    first = freeze(cohort)
    more = [{"desc_id": "desc-e09", "description": "e09", "rater_id": "e09", "role": "expert", "protocol": "ms"}]

    def write(tree: Path) -> None:
        tiny_bids.put_table(tree, f"{tiny_bids.MANUAL}/descriptions.tsv", more, tiny_bids.DESCRIPTIONS)
        tiny_bids.write_reading(tree, "sub-A001", "e09")

    publish(cohort, Change("import", "A ninth rater"), write)
    second = freeze(cohort)
    assert second != first
    assert snapshots.verify(snapshots.get(cohort, first), cohort.root).ok
    assert snapshots.verify(snapshots.get(cohort, second), cohort.root).ok


def test_verifying_names_exactly_the_missing_and_the_changed_files(cohort: Registry) -> None:
    manifest = snapshots.get(cohort, freeze(cohort))
    gone, changed = tiny_bids.image_path("sub-A001"), tiny_bids.reading_path("sub-A003", "e02")
    (cohort.root / gone).unlink()
    place = cohort.root / changed
    data = bytearray(place.read_bytes())
    data[-1] ^= 1
    place.unlink()
    place.write_bytes(data)
    found = snapshots.verify(manifest, cohort.root)
    assert not found.ok
    assert (found.missing, found.changed) == ((gone,), (changed,))
    assert found.n_files == len(manifest.files())


def test_replaying_a_snapshot_never_runs_its_query_again(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = freeze(cohort)

    def refuse(*_: object) -> None:
        raise AssertionError("the query ran")

    monkeypatch.setattr(Catalog, "arrow", refuse)
    monkeypatch.setattr(Catalog, "__init__", refuse)
    manifest = snapshots.get(cohort, frozen)
    assert snapshots.verify(manifest, cohort.root).ok


def test_a_manifest_edited_on_disk_is_refused(cohort: Registry) -> None:
    frozen = freeze(cohort)
    place = cohort.root / snapshots.manifest_path(frozen)
    place.unlink()
    place.write_bytes(b"{}")
    with pytest.raises(InvalidInput, match="not a snapshot manifest"):
        snapshots.get(cohort, frozen)


def test_the_beginning_of_an_id_is_enough_when_it_is_one(cohort: Registry) -> None:
    frozen = freeze(cohort)
    assert snapshots.get(cohort, frozen[:6]).snapshot_id == frozen


@pytest.mark.parametrize("reference", ["", "abc", "%%%%%%", "______", "f" * 64])
def test_an_unknown_id_is_not_found(cohort: Registry, reference: str) -> None:
    freeze(cohort)
    with pytest.raises(NotFound, match="no snapshot"):
        snapshots.get(cohort, reference)


def test_a_cohort_without_any_mask_is_refused(cohort: Registry) -> None:
    queries.save(cohort, "t1w", "SELECT * FROM images WHERE suffix = 'T1w'")
    with pytest.raises(QueryError, match="No image of the query has a mask"):
        snapshots.create(cohort, "t1w", policy=EXPERT)


def test_a_query_that_returns_nothing_is_refused(cohort: Registry) -> None:
    queries.save(cohort, "none", f"{FLAIR} AND false")
    with pytest.raises(QueryError, match="returns no image"):
        snapshots.create(cohort, "none")


def chosen(registry: Registry, sql: str, policy: TargetPolicy, parts: dict[str, str] | None = None) -> dict[str, str]:
    """Unit to reason, for everything that was left out."""
    return {item.unit: item.reason for item in select(Catalog(registry), sql, policy, parts).excluded}


def test_every_unit_that_is_left_out_has_its_reason(cohort: Registry) -> None:
    both = "SELECT * FROM images WHERE NOT (subject = 'sub-A002' AND suffix = 'T1w')"
    assert chosen(cohort, both, EXPERT) == {"sub-A002_ses-M00": "missing-channel"}
    assert set(chosen(cohort, FLAIR, TargetPolicy()).values()) == {"target-undecided"}
    assert set(chosen(cohort, "SELECT * FROM images WHERE suffix = 'T1w'", EXPERT).values()) == {"no-target"}
    parts = {f"P{index:03d}": "train" for index in range(4)}
    assert chosen(cohort, FLAIR, EXPERT, parts) == {
        "sub-A004_ses-M00": "not-in-split",
        "sub-A005_ses-M00": "not-in-split",
    }


def test_several_images_of_one_channel_are_refused_where_channels_must_be_joined(cohort: Registry) -> None:
    def write(tree: Path) -> None:
        tiny_bids.put(
            tree, "sub-A001/ses-M00/anat/sub-A001_ses-M00_run-2_FLAIR.nii.gz", tiny_bids.image("sub-A002", "FLAIR")
        )

    publish(cohort, Change("import", "A second run"), write)
    assert chosen(cohort, "SELECT * FROM images", EXPERT) == {"sub-A001_ses-M00": "several-images"}
    alone = select(Catalog(cohort), FLAIR, EXPERT, None)
    assert "sub-A001_ses-M00_FLAIR" in {sample.sample for sample in alone.samples}, "one unit an image"


def test_masks_of_two_protocols_need_a_decision(cohort: Registry) -> None:
    def write(tree: Path) -> None:
        tiny_bids.write_reading(tree, "sub-A001", "e01")
        (tree / tiny_bids.MANUAL).rename(tree / "derivatives/manual-other")

    publish(cohort, Change("import", "Another protocol"), write)
    with pytest.raises(UsageError, match="masks of 2 protocols: ms, other"):
        select(Catalog(cohort), FLAIR, EXPERT, None)
    assert select(Catalog(cohort), FLAIR, parse_policy(["expert:e01"], "ms"), None).samples


def test_the_order_of_a_querys_rows_does_not_matter(cohort: Registry) -> None:
    up = select(Catalog(cohort), f"{FLAIR} ORDER BY path", EXPERT, None)
    down = select(Catalog(cohort), f"{FLAIR} ORDER BY path DESC", EXPERT, None)
    twice = select(Catalog(cohort), f"{FLAIR} UNION ALL {FLAIR}", EXPERT, None)
    assert up.samples == down.samples == twice.samples


def test_a_target_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="'majority' is not a target"):
        parse_policy(["majority"])


def test_freezing_does_not_touch_anything_else(cohort: Registry) -> None:
    before = registry_state.files(cohort.root)
    queries.save(cohort, "flair", FLAIR)
    snapshots.create(cohort, "flair", policy=EXPERT)
    after = registry_state.files(cohort.root)
    assert {path for path in after if before.get(path) != after[path] and after[path]} == {
        path for path in after if path.startswith("code/registry/") and after[path]
    }
