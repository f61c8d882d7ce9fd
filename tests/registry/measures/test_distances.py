"""Distance maps are SciPy's, and the interval of a mean is the bootstrap's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, stats

from registry.measures.bootstrap import mean_interval
from registry.measures.distance_map import distance_map

SPACINGS = st.tuples(*[st.floats(0.3, 5)] * 3)


@given(st.integers(0, 10**6), SPACINGS, st.booleans())
def test_a_distance_map_is_scipys_within_a_ten_thousandth(
    seed: int, spacing_mm: tuple[float, float, float], fortran: bool
) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(2, 24, 3)) < 0.05
    mask[0, 0, 0] = True
    found = distance_map(np.asfortranarray(mask) if fortran else mask, spacing_mm)
    np.testing.assert_allclose(found, ndimage.distance_transform_edt(~mask, sampling=spacing_mm), atol=1e-4)


def test_nothing_is_near_an_empty_mask() -> None:
    assert np.isinf(distance_map(np.zeros((3, 3, 3), dtype=bool), (1.0, 1.0, 1.0))).all()


def test_the_interval_covers_the_mean_and_shrinks_with_more_persons() -> None:
    random = np.random.default_rng(1)
    few, many = random.normal(0.8, 0.1, 10), random.normal(0.8, 0.1, 1000)
    (a, b), (c, d) = mean_interval(few, 500, 0), mean_interval(many, 500, 0)
    assert a <= few.mean() <= b
    assert d - c < b - a
    assert d - c == pytest.approx(2 * 1.96 * 0.1 / np.sqrt(1000), rel=0.2)
    assert mean_interval(few, 500, 0) == (a, b)
    assert mean_interval(np.array([0.7]), 500, 0) == (0.7, 0.7)


@pytest.mark.parametrize("n", [2, 9, 120])
def test_the_interval_is_scipys_percentile_bootstrap(n: int) -> None:
    values = np.random.default_rng(n).random(n)
    options = {"n_resamples": 300, "method": "percentile", "rng": np.random.default_rng(4)}
    expected = stats.bootstrap((values,), np.mean, **options).confidence_interval
    assert mean_interval(values, 300, 4) == pytest.approx((expected.low, expected.high), abs=1e-12)
