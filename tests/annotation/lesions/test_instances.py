"""A mask's components, its table's rows and the boxes agree (law 11)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlmodel import select

from annotation.consensus import build
from annotation.lesions import instances as lesions
from annotation.lesions.instances import COLUMNS, instances
from registry.errors import UsageError
from registry.files.volumes import Volume
from registry.maintenance import bids_validator, validation
from registry.store import Registry
from registry.tables import LesionInstance
from tests.support.cohorts import tiny_bids

AFFINE = np.array([[0, -2.0, 0, 10], [1.5, 0, 0, -20], [0, 0, 3.0, 5], [0, 0, 0, 1]])
masks = hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 7)] * 3), elements=st.sampled_from([0, 0, 0, 1]))


def box(row: dict[str, Any]) -> tuple[slice, ...]:
    return tuple(slice(row[f"{axis}_min"], row[f"{axis}_max"]) for axis in "ijk")


@given(masks)
def test_boxes_hold_every_lesion_voxel_tightly_and_volumes_add_up(data: Any) -> None:
    rows = instances(Volume(data, AFFINE))
    covered = np.zeros(data.shape, bool)
    for row in rows:
        inside = data[box(row)] != 0
        covered[box(row)] = True
        for axis in range(3):
            others = tuple(other for other in range(3) if other != axis)
            touched = inside.any(axis=others)
            assert touched[0], "no box has an empty side"
            assert touched[-1], "no box has an empty side"
    assert not (data.astype(bool) & ~covered).any()
    assert sum(row["volume_mm3"] for row in rows) == pytest.approx(int((data != 0).sum()) * 9.0)


@given(masks)
def test_lesions_are_numbered_from_the_largest(data: Any) -> None:
    rows = instances(Volume(data, AFFINE))
    volumes = [row["volume_mm3"] for row in rows]
    assert volumes == sorted(volumes, reverse=True)
    assert [row["index"] for row in rows] == list(range(1, len(rows) + 1))
    assert len({row["lesion_id"] for row in rows}) == len(rows)
    assert all(set(row) == set(COLUMNS) for row in rows)


def test_a_lesion_of_one_voxel_lies_where_its_voxel_is() -> None:
    data = np.zeros((4, 5, 6), np.uint8)
    data[1, 2, 3] = 1
    (row,) = instances(Volume(data, AFFINE))
    assert box(row) == (slice(1, 2), slice(2, 3), slice(3, 4))
    assert (row["x_mm"], row["y_mm"], row["z_mm"]) == (6.0, -18.5, 14.0)
    assert row["volume_mm3"] == 9.0


def test_voxels_that_touch_at_a_corner_are_one_lesion_and_apart_are_two() -> None:
    data = np.zeros((4, 4, 4), np.uint8)
    data[0, 0, 0] = data[1, 1, 1] = data[3, 3, 3] = 1
    assert [row["volume_mm3"] for row in instances(Volume(data, AFFINE))] == [18.0, 9.0]


def test_nothing_gives_nothing() -> None:
    assert instances(Volume(np.zeros((2, 2, 2), np.uint8), AFFINE)) == []


def stated(registry: Registry, subject: str) -> list[LesionInstance]:
    with registry.reading() as database:
        return list(database.exec(select(LesionInstance).where(LesionInstance.subject_id == subject)))


def test_every_consensus_gets_a_table_and_every_component_a_row(cohort: Registry) -> None:
    build.build(cohort, "ms")
    assert lesions.build(cohort, "ms").written == 6
    assert len(stated(cohort, "sub-A000")) == 0
    wanted = instances(Volume(tiny_bids.lesions("sub-A001", "e02"), tiny_bids.AFFINE))
    assert [row.model_dump(include=set(COLUMNS) - {"name"}) for row in stated(cohort, "sub-A001")] == [
        {key: value for key, value in row.items() if key != "name"} for row in wanted
    ]
    assert lesions.build(cohort, "ms").written == 0, "a measured mask is not measured again"


def test_a_consensus_that_changed_is_measured_anew(cohort: Registry) -> None:
    from pathlib import Path

    from registry.publishing import Change, publish

    build.build(cohort, "ms")
    lesions.build(cohort, "ms")
    before = [row.volume_mm3 for row in stated(cohort, "sub-A001")]

    def two_more(tree: Path) -> None:
        for rater in ("e06", "e07"):
            tiny_bids.write_reading(tree, "sub-A001", rater)

    publish(cohort, Change("import", "Two raters who draw larger"), two_more)
    assert build.build(cohort, "ms").written == 1
    assert lesions.build(cohort, "ms").written == 1
    after = [row.volume_mm3 for row in stated(cohort, "sub-A001")]
    assert sum(filter(None, after)) > sum(filter(None, before))


@pytest.mark.skipif(bids_validator.find_program() is None, reason="the official BIDS validator is not installed")
def test_what_was_computed_is_valid_bids_for_the_official_validator(cohort: Registry) -> None:
    build.build(cohort, "ms")
    lesions.build(cohort, "ms")
    report = validation.validate(cohort)
    assert report.ok, report.text()


def test_a_protocol_without_consensus_says_what_to_do_first(cohort: Registry) -> None:
    with pytest.raises(UsageError, match="has no consensus masks") as refused:
        lesions.build(cohort, "ms")
    assert refused.value.hint == "Run: cohortium consensus build"


def test_a_consensus_that_cannot_be_read_leaves_out_its_image_and_no_other(cohort: Registry) -> None:
    build.build(cohort, "ms")
    mask = next(cohort.root.glob("derivatives/consensus-ms/sub-A001/**/*_mask.nii.gz"))
    mask.unlink()
    made = lesions.build(cohort, "ms")
    assert (made.written, [item.image for item in made.left_out]) == (5, [tiny_bids.image_path("sub-A001")])
