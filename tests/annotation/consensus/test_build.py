"""A consensus is fresh exactly when its inputs are the current readings; computing it again gives the same bytes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlmodel import select

from annotation.consensus import build
from annotation.consensus.recipes import table
from annotation.consensus.recipes.table import RECIPES
from registry.catalog import Catalog
from registry.errors import InvalidInput, UsageError
from registry.files.canonical import sha256_file
from registry.files.volumes import Volume, encode, load_labels
from registry.maintenance import validation
from registry.publishing import Change, publish
from registry.publishing.commits import commit_pending
from registry.readings import accept
from registry.snapshots import selection
from registry.snapshots.targets import TargetPolicy
from registry.store import Registry
from registry.tables import ConsensusInput, ConsensusMask
from tests.support.cohorts import tiny_bids
from tests.support.consensus_recipe import AT_LEAST_TWO

readings = st.integers(2, 7).flatmap(
    lambda n: st.lists(hnp.arrays(np.uint8, (2, 3, 2), elements=st.integers(0, 2)), min_size=n, max_size=n)
)


def combined(name: str, marks: list[Any]) -> Any:
    return RECIPES[name].combine([mark != 0 for mark in marks])


@given(readings)
def test_intersection_lies_in_majority_and_majority_in_union(marks: list[Any]) -> None:
    inner, middle, outer = (combined(name, marks) for name in ("intersection", "majority", "union"))
    assert not (inner & ~middle).any()
    assert not (middle & ~outer).any()


@given(readings)
def test_each_recipe_is_what_its_name_says(marks: list[Any]) -> None:
    marked = np.stack([mark != 0 for mark in marks])
    np.testing.assert_array_equal(combined("union", marks), marked.any(axis=0))
    np.testing.assert_array_equal(combined("intersection", marks), marked.all(axis=0))
    np.testing.assert_array_equal(combined("majority", marks), marked.sum(axis=0) > len(marks) / 2)


@given(marks=readings, data=st.data())
def test_the_order_of_raters_does_not_matter(marks: list[Any], data: st.DataObject) -> None:
    turned = data.draw(st.permutations(marks))
    for name in RECIPES:
        np.testing.assert_array_equal(combined(name, turned), combined(name, marks))


def test_raters_who_agree_are_the_consensus() -> None:
    mark = tiny_bids.lesions("sub-A001", "e02")
    for name in RECIPES:
        np.testing.assert_array_equal(combined(name, [mark] * 4), mark != 0)


def test_an_unknown_recipe_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no consensus recipe 'mean'") as refused:
        table.get("mean")
    assert all(name in refused.value.hint for name in RECIPES)


def rows(registry: Registry) -> dict[str, ConsensusMask]:
    with registry.reading() as database:
        return {row.path: row for row in database.exec(select(ConsensusMask))}


def test_every_image_that_two_raters_read_gets_one(cohort: Registry) -> None:
    assert build.build(cohort, "ms").written == 6
    made = rows(cohort)
    assert len(made) == 6
    for path, row in made.items():
        voxels = load_labels(cohort.root / path).data
        marks = [tiny_bids.lesions(row.subject_id, rater) for rater in tiny_bids.RATERS]
        np.testing.assert_array_equal(voxels, combined("majority", marks))
        assert (row.method, row.stale) == ("majority", False)
    assert validation.validate(cohort, bids=False).findings == ()


def test_a_fresh_consensus_is_not_computed_again(cohort: Registry) -> None:
    build.build(cohort, "ms")
    assert build.build(cohort, "ms").written == 0


def test_computing_it_again_gives_the_same_bytes(cohort: Registry) -> None:
    build.build(cohort, "ms")
    commit_pending(cohort)
    before = {path: sha256_file(cohort.root / path) for path in rows(cohort)}
    for path in before:
        (cohort.root / path).unlink()
    with cohort.unit_of_work() as database:
        for row in database.exec(select(ConsensusInput)):
            database.delete(row)
    build.build(cohort, "ms")
    assert {path: sha256_file(cohort.root / path) for path in rows(cohort)} == before


def test_another_recipe_stands_beside_the_first(cohort: Registry) -> None:
    build.build(cohort, "ms")
    build.build(cohort, "ms", "union")
    assert sorted({row.method for row in rows(cohort).values()}) == ["majority", "union"]


def sidecars(registry: Registry) -> dict[str, str]:
    """Path of every mask to the checksum of its sidecar, which lists its inputs."""
    return {path: sha256_file(registry.root / path.replace(".nii.gz", ".json")) for path in rows(registry)}


def fourth_rater(tree: Path) -> None:
    row = {"desc_id": "desc-e04", "description": "e04", "rater_id": "e04", "role": "expert", "protocol": "ms"}
    tiny_bids.put_table(tree, f"{tiny_bids.MANUAL}/descriptions.tsv", [row], tiny_bids.DESCRIPTIONS)
    tiny_bids.write_reading(tree, "sub-A001", "e04")


def test_a_new_reading_makes_its_consensus_old_and_no_other(cohort: Registry) -> None:
    build.build(cohort, "ms")
    before = sidecars(cohort)
    publish(cohort, Change("import", "A fourth rater"), fourth_rater)
    assert build.build(cohort, "ms").written == 1
    after = sidecars(cohort)
    assert {path.split("/")[2] for path in after if after[path] != before[path]} == {"sub-A001"}
    with cohort.reading() as database:
        inputs = database.exec(select(ConsensusInput).where(ConsensusInput.subject_id == "sub-A001")).all()
    assert [row.mask_path for row in sorted(inputs, key=lambda row: row.mask_path)] == [
        tiny_bids.reading_path("sub-A001", rater) for rater in (*tiny_bids.RATERS, "e04")
    ]
    assert build.build(cohort, "ms").written == 0


def test_a_sample_whose_consensus_is_old_leaves_for_that_reason_until_it_is_built_again(cohort: Registry) -> None:
    def left() -> list[tuple[str, str]]:
        flair = "SELECT path FROM images WHERE suffix = 'FLAIR'"
        found = selection.select(Catalog(cohort), flair, TargetPolicy(), None)
        return [(item.unit, item.reason) for item in found.excluded]

    build.build(cohort, "ms")
    assert left() == []
    drawn = load_labels(cohort.root / tiny_bids.reading_path("sub-A001", "e01"))
    empty = Volume(np.zeros_like(drawn.data), drawn.affine_ras)
    accept(cohort, tiny_bids.image_path("sub-A001"), "e01", empty)
    assert left() == [("sub-A001_ses-M00", "consensus-out-of-date")]
    build.build(cohort, "ms")
    assert left() == []


def test_a_protocol_without_two_readings_names_those_that_have(cohort: Registry) -> None:
    with pytest.raises(UsageError, match="No image has two readings") as refused:
        build.build(cohort, "nobody")
    assert refused.value.hint == "Protocols with readings: ms."


def test_labels_of_one_image_are_two_questions_and_a_rater_has_one_voice(cohort: Registry) -> None:
    """e01 and e02 also drew grey matter in one image; e03 drew its lesions twice."""

    def write(tree: Path) -> None:
        for rater, label in (("e01", "GM"), ("e02", "GM"), ("e03", "L2")):
            for extension in (".nii.gz", ".json"):
                held = cohort.root / tiny_bids.reading_path("sub-A001", "e03", extension)
                name = held.name.replace("desc-e03", f"desc-{rater}").replace("label-L", f"label-{label}")
                place = tree / held.relative_to(cohort.root).with_name(name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(held.read_bytes().replace(b'"e03"', f'"{rater}"'.encode()))

    publish(cohort, Change("import", "More labels"), write)
    groups = {(g[0].image_path, g[0].label): [m.rater_id for m in g] for g in build.readings(cohort, "ms")}
    image = tiny_bids.image_path("sub-A001")
    assert groups[image, "L"] == ["e01", "e02", "e03"]
    assert groups[image, "GM"] == ["e01", "e02"]
    assert (image, "L2") not in groups
    with pytest.raises(UsageError, match="No image has two readings of 'WM'") as caught:
        build.build(cohort, "ms", label="WM")
    assert caught.value.hint == "Structures with two readings: GM, L."
    assert build.build(cohort, "ms", label="gm").written == 1
    assert build.build(cohort, "ms").written == 6
    assert build.build(cohort, "ms").written == 0, "each label's consensus is fresh by its own inputs"
    with cohort.reading() as database:
        found = database.exec(select(ConsensusMask).where(ConsensusMask.image_path == image)).all()
    assert {mask.label for mask in found} == {"L", "GM"}


def test_a_recipe_from_outside_builds_a_consensus(cohort: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file and its line in the table: masks, sidecars and freshness follow."""
    monkeypatch.setitem(RECIPES, AT_LEAST_TWO.name, AT_LEAST_TWO)
    assert build.build(cohort, "ms", "two").written == 6
    made = rows(cohort)
    for path, row in made.items():
        marks = [tiny_bids.lesions(row.subject_id, rater) != 0 for rater in tiny_bids.RATERS]
        np.testing.assert_array_equal(load_labels(cohort.root / path).data, np.sum(marks, axis=0) >= 2)
        assert (row.method, row.parameters) == ("two", {"least": 2})
        assert "_desc-two_" in path
    assert build.build(cohort, "ms", "two").written == 0
    assert validation.validate(cohort, bids=False).findings == ()
    monkeypatch.setitem(RECIPES, "two", replace(AT_LEAST_TWO, version=2))
    assert build.build(cohort, "ms", "two").written == 6, "another version of a recipe is another meaning"
    assert {row.parameters["version"] for row in rows(cohort).values()} == {2}
    assert build.build(cohort, "ms", "two").written == 0


def test_a_mask_that_cannot_be_read_leaves_out_its_image_and_no_other(cohort: Registry) -> None:
    (cohort.root / tiny_bids.reading_path("sub-A001", "e02")).unlink()
    made = build.build(cohort, "ms")
    assert (made.written, [item.image for item in made.left_out]) == (5, [tiny_bids.image_path("sub-A001")])
    assert "not a readable file" in made.left_out[0].reason
    assert tiny_bids.image_path("sub-A001") in made.lines()[0]
    assert tiny_bids.image_path("sub-A001") not in {row.image_path for row in rows(cohort).values()}


def test_a_mask_with_an_axis_of_length_one_counts_like_any_other(cohort: Registry) -> None:
    """A registry may hold such a mask from before imports wrote it anew."""
    data = tiny_bids.lesions("sub-A001", "e02")[..., None]
    changed = Change("import", "Again", replaces=frozenset({tiny_bids.reading_path("sub-A001", "e02")}))
    publish(
        cohort,
        changed,
        lambda tree: tiny_bids.put(tree, tiny_bids.reading_path("sub-A001", "e02"), encode(data, tiny_bids.AFFINE)),
    )
    assert build.build(cohort, "ms") == build.BuildReport(6)
    row = next(row for row in rows(cohort).values() if row.subject_id == "sub-A001")
    assert load_labels(cohort.root / row.path).data.shape == tiny_bids.SHAPE


def test_where_no_mask_can_be_read_nothing_is_written_and_that_is_said(cohort: Registry) -> None:
    for subject in tiny_bids.SUBJECTS:
        (cohort.root / tiny_bids.reading_path(subject, "e02")).unlink()
    with pytest.raises(InvalidInput, match=r"Nothing was written: .*\(5 more like it\)"):
        build.build(cohort, "ms")
    assert rows(cohort) == {}
