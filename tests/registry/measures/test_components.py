"""Components are those of SciPy, numbers included, whatever order an array is stored in."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from registry.measures.components import Connectivity, components, lesions

RANK = {6: 1, 18: 2, 26: 3}


@given(st.integers(0, 10**6), st.sampled_from([0.03, 0.2, 0.5]), st.sampled_from([6, 18, 26]), st.booleans())
def test_numbers_and_sizes_are_scipys(seed: int, share: float, connectivity: Connectivity, fortran: bool) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 14, 3)) < share
    numbers, sizes = components(np.asfortranarray(mask) if fortran else mask, connectivity)
    structure = ndimage.generate_binary_structure(3, RANK[connectivity])
    expected, count = ndimage.label(mask, structure=structure)
    assert len(sizes) == count
    np.testing.assert_array_equal(numbers, expected)
    np.testing.assert_array_equal(sizes, np.bincount(expected.ravel(), minlength=count + 1)[1:])


@pytest.mark.parametrize(("second", "parts"), [((1, 1, 2), (1, 1, 1)), ((1, 2, 2), (2, 1, 1)), ((2, 2, 2), (2, 2, 1))])
def test_connectivity_says_which_voxels_touch(second: tuple[int, int, int], parts: tuple[int, int, int]) -> None:
    """Two voxels that share a face, an edge, a corner; by 6, 18 and 26 neighbours."""
    mask = np.zeros((4, 4, 4), dtype=bool)
    mask[1, 1, 1] = mask[second] = True
    assert tuple(len(components(mask, connectivity)[1]) for connectivity in get_args(Connectivity)) == parts


def test_an_empty_mask_has_no_components() -> None:
    numbers, sizes = components(np.zeros((3, 4, 5), dtype=bool))
    assert (numbers.shape, numbers.any(), len(sizes)) == ((3, 4, 5), False, 0)
    assert lesions(np.zeros((3, 4, 5), dtype=bool), np.zeros((3, 4, 5), dtype=bool), 1.0) == ()


def test_a_lesion_states_its_volume_its_overlap_and_its_centre() -> None:
    reference, predicted = np.zeros((6, 6, 6), dtype=bool), np.zeros((6, 6, 6), dtype=bool)
    reference[1:3, 1, 1] = reference[5, 5, 5] = True
    predicted[2:4, 1, 1] = True
    first, second, found = lesions(reference, predicted, 2.0)
    assert (first.side, first.number, first.mm3, first.overlap_mm3, first.centre) == ("reference", 1, 4, 2, (1.5, 1, 1))
    assert (second.number, second.mm3, second.matched, second.centre) == (2, 2, False, (5, 5, 5))
    assert (found.side, found.mm3, found.overlap_mm3, found.matched) == ("predicted", 4, 2, True)
