"""A newer revision of a mask takes the older one's path, and whoever froze the older one still finds it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from registry import readings, snapshots
from registry.cohorts import exclusions, queries
from registry.errors import GeometryError, IntegrityError, InvalidInput, NotFound, UsageError
from registry.files.canonical import sha256_file
from registry.files.volumes import Volume, load_labels
from registry.maintenance import bids_validator, doctor, rebuild, validation
from registry.manifests import Manifest
from registry.publishing import git
from registry.publishing.commits import commit_pending
from registry.readings import acceptance
from registry.snapshots.targets import parse_policy
from registry.store import Registry
from registry.tables import Mask
from tests.support.cohorts import frozen_cohort

FIRST = parse_policy(["expert:e01"])
IMAGE, MASK = frozen_cohort.image("sub-A001"), frozen_cohort.mask("sub-A001")


def redraw(registry: Registry, size: int = 9, rater: str = "e01") -> Mask:
    return readings.accept(registry, IMAGE, rater, Volume(frozen_cohort.lesion(size), frozen_cohort.AFFINE))


def frozen(registry: Registry) -> Manifest:
    return snapshots.create(registry, "flair", "main", FIRST)


def test_one_mask_and_one_person_are_exactly_what_differs(registry: Registry) -> None:
    first = frozen(registry)
    redraw(registry)
    exclusions.exclude(registry, "P002", "motion")
    second = frozen(registry)
    found = snapshots.compare(registry, first.snapshot_id, second.snapshot_id)
    assert [(item.sample, item.reason) for item in found.removed] == [("sub-A002_ses-M00", "excluded:motion")]
    assert [(item.sample, [one.what for one in item.differences]) for item in found.changed] == [
        ("sub-A001_ses-M00", ["target"])
    ]
    assert [found.added, found.settings, found.exclusions] == [(), (), ()]
    old, new = snapshots.verify(first, registry), snapshots.verify(second, registry)
    assert old.ok
    assert old.earlier == (MASK,)
    assert new.ok
    assert new.earlier == ()


@pytest.mark.parametrize(("rater", "protocol"), [("Dr Mueller", None), ("e05", "../x"), ("e05", "../../.git/hooks/x")])
def test_a_reading_under_a_name_or_a_path_is_refused(registry: Registry, rater: str, protocol: str | None) -> None:
    before = git.head(registry.root)
    volume = Volume(frozen_cohort.lesion(5), frozen_cohort.AFFINE)
    with pytest.raises(UsageError):
        readings.accept(registry, IMAGE, rater, volume, protocol)
    assert doctor.doctor(registry) == []
    assert git.head(registry.root) == before


def test_a_revision_says_what_it_is_based_on(registry: Registry) -> None:
    before = sha256_file(registry.root / MASK)
    made = redraw(registry)
    sidecar = json.loads((registry.root / MASK.replace(".nii.gz", ".json")).read_text())
    assert (made.revision, made.path) == (2, MASK)
    assert (sidecar["Revision"], sidecar["BasedOn"], sidecar["SHA256"]) == (2, before, made.sha256)
    assert redraw(registry).revision == 2, "the same voxels again are no revision"
    assert redraw(registry, 5).revision == 3


def test_each_revision_is_its_raters_commit(registry: Registry) -> None:
    redraw(registry, rater="e02")
    commit_pending(registry)
    printed = git.run_git(registry.root, "show", "--format=%an", "--name-only", "HEAD").split()
    mine = frozen_cohort.mask("sub-A001", "e02")
    assert printed[0] == "e02"
    assert set(printed[1:]) - {mine, mine.replace(".nii.gz", ".json")} == {
        path for path in printed if path.startswith("logs/")
    }


def test_every_frozen_revision_can_be_laid_out(registry: Registry) -> None:
    manifests = [frozen(registry)]
    for size in (9, 5, 7):
        redraw(registry, size)
        manifests.append(frozen(registry))
    for size, manifest in zip((3, 9, 5, 7), manifests, strict=True):
        folder = snapshots.materialise(registry, manifest)
        assert snapshots.verify(manifest, folder).ok
        assert int(load_labels(folder / MASK).data.sum()) == 16 * size
    assert snapshots.materialise(registry, manifests[-1]) == registry.root


def test_earlier_revisions_outlive_the_cache_and_the_database(registry: Registry) -> None:
    first = frozen(registry)
    redraw(registry)
    commit_pending(registry)
    rebuild.rebuild(registry)
    assert snapshots.verify(first, registry).ok
    for path in (registry.local / "cache").iterdir():
        path.write_bytes(b"damaged")
    assert snapshots.verify(first, registry).ok


def test_annexed_revisions_are_found_by_their_key(registry: Registry) -> None:
    noise = np.random.default_rng(1).integers(0, 2, (3, *frozen_cohort.SHAPE)).astype(np.uint8)
    labels = noise[0]
    (registry.root / ".gitattributes").write_text("* annex.backend=SHA256E\n*.nii.gz annex.largefiles=anything\n")
    readings.accept(registry, IMAGE, "e01", Volume(labels, frozen_cohort.AFFINE))
    commit_pending(registry)
    first = frozen(registry)
    assert (registry.root / MASK).is_symlink()
    readings.accept(registry, IMAGE, "e01", Volume(noise[1], frozen_cohort.AFFINE))
    commit_pending(registry)
    assert snapshots.verify(first, registry).earlier == (MASK,)
    assert np.array_equal(load_labels(snapshots.materialise(registry, first) / MASK).data, labels)


def test_damage_is_not_taken_for_a_revision(registry: Registry) -> None:
    first = frozen(registry)
    other, third = frozen_cohort.mask("sub-A003"), frozen_cohort.mask("sub-A004")
    (registry.root / other).write_bytes(b"damaged")
    (registry.root / third).unlink()
    found = snapshots.verify(first, registry)
    assert (found.changed, found.missing, found.ok) == ((other,), (third,), False)
    with pytest.raises(IntegrityError, match=r"sub-A004.* is missing"):
        snapshots.materialise(registry, first)


def test_absent_content_is_fetched_or_named(registry: Registry, tmp_path: Path) -> None:
    first = frozen(registry)
    commit_pending(registry)
    clone = tmp_path / "clone"
    git.run_git(tmp_path, "clone", "--quiet", str(registry.root), str(clone))
    git.run_git(clone, "annex", "init", "--quiet")
    key = os.readlink(registry.root / IMAGE).rpartition("/")[2]
    git.run_git(clone, "annex", "get", "--quiet", f"--key={key}")
    git.run_git(registry.root, "remote", "add", "other", str(clone))
    git.run_git(registry.root, "fetch", "--quiet", "other")
    git.run_git(registry.root, "annex", "merge", "--quiet")
    git.run_git(registry.root, "annex", "drop", "--quiet", "--force", "--", IMAGE)
    assert snapshots.verify(first, registry).missing == (IMAGE,)
    assert snapshots.verify(first, registry, fetch=True).ok


def test_replaying_evaluates_no_query(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    first = frozen(registry)
    redraw(registry)

    def refuse(*_: object) -> None:
        raise AssertionError("a query was evaluated")

    monkeypatch.setattr("registry.catalog.Catalog.__init__", refuse)
    monkeypatch.setattr("registry.catalog.Catalog.of", refuse)
    monkeypatch.setattr("registry.catalog.Catalog.arrow", refuse)
    monkeypatch.setattr(queries, "get", refuse)
    again = snapshots.get(registry, first.snapshot_id)
    assert again == first
    assert snapshots.verify(again, registry).ok
    assert snapshots.verify(again, snapshots.materialise(registry, again)).ok


@pytest.mark.parametrize(
    ("image", "voxels", "shift", "error", "sentence"),
    [
        ("sub-X/none.nii.gz", frozen_cohort.lesion(), 0, NotFound, "has no image"),
        (IMAGE, frozen_cohort.lesion()[1:], 0, GeometryError, "31 x 32 x 20"),
        (IMAGE, frozen_cohort.lesion(), 5, GeometryError, "5 mm away"),
        (IMAGE, frozen_cohort.lesion() * 3, 0, InvalidInput, "label 3, which has no name"),
        (IMAGE, frozen_cohort.lesion() * 0.5, 0, InvalidInput, "whole numbers"),
    ],
)
def test_what_is_no_reading_changes_nothing(
    registry: Registry, image: str, voxels: np.ndarray, shift: int, error: type[Exception], sentence: str
) -> None:
    before = sha256_file(registry.root / MASK)
    affine = frozen_cohort.AFFINE.copy()
    affine[0, 3] += shift
    with pytest.raises(error, match=sentence):
        readings.accept(registry, image, "e01", Volume(voxels, affine))
    assert sha256_file(registry.root / MASK) == before


def test_a_first_reading_brings_its_raters_row(registry: Registry) -> None:
    made = redraw(registry, rater="e09")
    assert (made.revision, made.path) == (1, frozen_cohort.mask("sub-A001", "e09"))
    commit_pending(registry)
    before = made.model_dump()
    rebuild.rebuild(registry)
    assert redraw(registry, rater="e09").model_dump() == before
    with pytest.raises(UsageError, match="protocols") as caught:
        acceptance._only_protocol(_without_masks(registry))
    assert "--protocol" in caught.value.hint


def _without_masks(registry: Registry) -> Registry:
    with registry.unit_of_work() as database:
        for mask in readings.list_readings(registry):
            database.delete(database.merge(mask))
    return registry


def test_two_at_once_do_not_lose_a_revision(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = acceptance._sidecar

    def slow(*arguments: object) -> object:
        monkeypatch.setattr(acceptance, "_sidecar", honest)
        redraw(registry, 5)
        return honest(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(acceptance, "_sidecar", slow)
    with pytest.raises(IntegrityError, match=r"A newer revision of .* was accepted meanwhile"):
        redraw(registry, 9)
    assert int(load_labels(registry.root / MASK).data.sum()) == 16 * 5


@pytest.mark.skipif(bids_validator.find_program() is None, reason="the official BIDS validator is not installed")
def test_content_that_is_elsewhere_is_told_once(registry: Registry) -> None:
    before = {(item.code, item.path) for item in validation.validate(registry).findings}
    git.run_git(registry.root, "annex", "drop", "--quiet", "--force", "--", IMAGE)
    after = {(item.code, item.path) for item in validation.validate(registry).findings}
    assert after - before == {("file-absent", IMAGE)}
