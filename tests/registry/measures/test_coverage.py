"""The share of a field of view that another image covers, against values known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.measures.coverage import content_grid, covered_share
from tests.support.affines import affines

SHAPE = (32, 20, 10)


def moved(by_mm: float, axis: int = 0) -> np.ndarray:
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[axis, 3] = by_mm
    return affine


@pytest.mark.parametrize(("by_mm", "share"), [(0, 1.0), (32, 0.5), (-16, 0.75), (62, 1 / 32), (64, 0.0), (400, 0.0)])
def test_a_shift_takes_its_share(by_mm: float, share: float) -> None:
    assert covered_share(SHAPE, moved(0), SHAPE, moved(by_mm)) == pytest.approx(share)


@given(affine=affines(), by=st.sampled_from([(0, 1), (1, 0), (2, 0)]))
def test_turned_flipped_and_cropped_copies_cover_what_they_hold(affine: np.ndarray, by: tuple[int, int]) -> None:
    """The same voxels under another order of axes cover everything, however the affine is turned."""
    order = [by[0], *(axis for axis in range(3) if axis != by[0])]
    turn = np.eye(4)[:, [*order, 3]]
    shape = tuple(SHAPE[axis] for axis in order)
    if by[1]:
        flip = np.eye(4)
        flip[0, 0], flip[0, 3] = -1, shape[0] - 1
        turn = turn @ flip
    assert covered_share(SHAPE, affine, shape, affine @ turn) == 1.0
    assert covered_share((8, 8, 8), affine, (4, 8, 8), affine) == 0.5


def test_content_is_the_box_of_what_is_a_number_and_not_zero() -> None:
    data = np.zeros(SHAPE, np.float32)
    data[3:7, 4, 2:9] = 5
    data[0, 0, 0] = np.nan
    shape, affine = content_grid(data, moved(10)) or ((), np.eye(4))
    assert shape == (4, 1, 7)
    np.testing.assert_array_equal(affine[:3, 3], [10 + 3 * 2, 4 * 2, 2 * 3])
    assert content_grid(data * 0, moved(0)) is None
