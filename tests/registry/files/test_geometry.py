"""Two grids are one by their corners, and turned axes hold the same voxels at the same places."""

from __future__ import annotations

import itertools
import math
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import GeometryError
from registry.files.geometry import (
    affine_from_row,
    corner_displacement_mm,
    grids_apart_mm,
    require_same_grid,
    same_grid,
    turn_grid,
)
from registry.files.volumes import Header, Volume, canonical
from tests.support.affines import affines, numbers


def header(shape: tuple[int, ...]) -> Header:
    return Header(shape, np.eye(4), (1.0, 1.0, 1.0), "int16", "RAS", True)


@given(affine=affines(), shift=st.tuples(numbers, numbers, numbers))
def test_a_shifted_grid_is_displaced_by_its_shift(affine: Any, shift: tuple[float, float, float]) -> None:
    moved = affine.copy()
    moved[:3, 3] += shift
    found = corner_displacement_mm((5, 6, 7), affine, moved)
    assert found == pytest.approx(float(np.linalg.norm(shift)), abs=1e-9)
    assert corner_displacement_mm((5, 6, 7), moved, affine) == pytest.approx(found)


def test_a_rotated_grid_is_displaced_most_at_its_far_corner() -> None:
    turned = np.eye(4)
    turned[:2, :2] = [[0, -1], [1, 0]]
    assert corner_displacement_mm((11, 11, 1), np.eye(4), turned) == pytest.approx(20.0)


def test_a_mask_on_its_images_grid_is_accepted_and_one_off_it_says_how_far() -> None:
    image = header((4, 5, 6))
    require_same_grid("mask", (4, 5, 6), np.eye(4), image)
    off = np.eye(4)
    off[1, 3] = 0.5
    with pytest.raises(GeometryError, match=r"up to 0\.5 mm"):
        require_same_grid("mask", (4, 5, 6), off, image)
    with pytest.raises(GeometryError, match="4 x 5 x 7 voxels, its image 4 x 5 x 6"):
        require_same_grid("mask", (4, 5, 7), np.eye(4), image)
    with pytest.raises(GeometryError):
        require_same_grid("mask", (4, 5, 6), np.full((4, 4), np.nan), image)


def test_a_mask_is_one_volume_whatever_its_image_is() -> None:
    series = header((4, 5, 6, 3))
    for shape in ((4, 5, 6), (4, 5, 6, 1), (4, 5, 6, 1, 1)):
        require_same_grid("mask", shape, np.eye(4), series)
    with pytest.raises(GeometryError, match="4 x 5 x 6 x 3 voxels"):
        require_same_grid("mask", (4, 5, 6, 3), np.eye(4), series)


def test_a_grid_is_the_same_up_to_a_thousandth_of_a_millimetre() -> None:
    near, far = np.eye(4), np.eye(4)
    near[0, 3], far[0, 3] = 0.0009, 0.0011
    shape = (4, 5, 6)
    assert same_grid(shape, np.eye(4), list(shape), near)
    assert not same_grid(shape, np.eye(4), shape, far)
    assert not same_grid(shape, np.eye(4), (4, 5, 7), np.eye(4))
    assert not same_grid(shape, np.eye(4), shape, np.full((4, 4), np.nan))
    assert grids_apart_mm(shape, np.eye(4), (4, 5, 7), np.eye(4)) == math.inf


def test_an_affine_comes_back_from_a_row_of_numbers() -> None:
    affine = np.arange(16.0).reshape(4, 4)
    assert (affine_from_row(affine.ravel().tolist()) == affine).all()
    assert (affine_from_row(affine.tolist()) == affine).all()


@given(affine=affines(), codes=st.sampled_from(["RAS", "LAS", "LPI"]))
def test_turned_axes_hold_the_same_voxels_at_the_same_places(affine: Any, codes: str) -> None:
    data = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    shape, turned = turn_grid(data.shape, affine, codes)
    found = canonical(Volume(data, affine), codes)
    assert found.data.shape == shape
    assert (found.affine_ras == turned).all()
    for value, index in zip(data.ravel(), np.ndindex(2, 3, 4), strict=True):
        new = np.argwhere(found.data == value)[0]
        np.testing.assert_allclose(turned @ [*new, 1], affine @ [*index, 1], atol=1e-9)
    assert "".join(nibabel.aff2axcodes(turned)) == codes


@given(affine=affines())
def test_the_axes_are_those_with_the_largest_direction_cosines(affine: Any) -> None:
    """Of the six orders the one that points best, wherever one of them is clearly best."""
    cosines = np.abs(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
    orders = sorted(itertools.permutations(range(3)), key=lambda order: -cosines[range(3), list(order)].sum())
    best = orders[0]
    assume(cosines[range(3), list(best)].min() > 0.75)
    assert turn_grid((2, 3, 4), affine)[0] == tuple((2, 3, 4)[axis] for axis in best)
