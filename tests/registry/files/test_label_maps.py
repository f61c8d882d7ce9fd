"""A target of several structures holds in every voxel what its masks say, wherever their axes point."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from registry.errors import GeometryError, InvalidInput
from registry.files.label_maps import is_painted, paint
from registry.files.volumes import Volume
from tests.support.storages import STORAGES, store

AFFINE = np.diag([1.0, 2.0, 3.0, 1.0])
binary = arrays.arrays(np.uint8, (3, 4, 2), elements=st.integers(0, 1))
ONE, OTHER = {"1": "cord"}, {"1": "GM"}


@given(cord=binary, grey=binary, storage=st.sampled_from(STORAGES))
def test_the_later_class_counts_where_two_overlap(cord: Any, grey: Any, storage: Any) -> None:
    masks = [Volume(cord, AFFINE), store(Volume(grey, AFFINE), storage)]
    for order, expected in (
        ([["cord"], ["GM"]], np.where(grey, 2, cord)),
        ([["GM"], ["cord"]], np.where(cord, 2, grey)),
        ([["cord", "GM"]], cord | grey),
        ([["GM"]], grey),
    ):
        found = paint(masks, [ONE, OTHER], order)
        assert np.array_equal(found.data, expected)
        assert np.array_equal(found.affine_ras, AFFINE)


def test_values_of_a_table_become_the_classes_that_were_named() -> None:
    table = {"3": "core", "7": "rim", "9": "edema"}
    data = np.array([0, 3, 7, 9], np.uint8).reshape(4, 1, 1)
    found = paint([Volume(data, AFFINE)], [table], [["rim"], ["core", "edema"]])
    assert found.data.ravel().tolist() == [0, 2, 1, 2]
    assert not is_painted([table], [["rim"], ["core"]])
    assert is_painted([{"1": "GM"}], [["GM"]])
    assert not is_painted([{"1": "GM", "2": "WM"}], [["GM"]]), "white matter would stay in"
    assert not is_painted([ONE, OTHER], [["cord", "GM"]])


def test_a_value_without_a_name_and_other_voxels_are_refused() -> None:
    data = np.full((2, 2, 2), 5, np.uint8)
    with pytest.raises(InvalidInput, match="holds the value 5, which has no name"):
        paint([Volume(data, AFFINE)], [ONE], [["cord"]])
    with pytest.raises(GeometryError, match="lie on different voxels"):
        paint([Volume(data, AFFINE), Volume(data, 2 * AFFINE)], [{"5": "a"}, {"5": "b"}], [["a"], ["b"]])
