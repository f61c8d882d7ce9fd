"""Measures against oracles, and laws: how voxels are stored changes no number, what is added changes the right one."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage, stats

from curation.checks import CHECKS, MEASURES, Measure
from curation.checks.files import MEASURED
from curation.checks.measures.numbers import digest, distinct, foreground, measure, noise, touches
from curation.checks.rules.peers import LEAST, group
from registry.files.volumes import Volume, canonical
from registry.tables import ImageMeasures
from tests.support.cohorts import heads

HEAD = heads.volume(heads.head(3))
ORIENTATIONS = ["RAS", "LPS", "PSR", "ILA", "SAR", "AIL"]


def turned(volume: Volume, axes: str) -> Volume:
    """The same image stored along other axes, by nibabel."""
    image = nibabel.Nifti1Image(volume.data, volume.affine_ras)
    to = nibabel.orientations.axcodes2ornt(tuple(axes))
    image = image.as_reoriented(nibabel.orientations.ornt_transform(nibabel.io_orientation(image.affine), to))
    return Volume(np.asarray(image.dataobj), image.affine)


@pytest.mark.parametrize("axes", ORIENTATIONS)
def test_the_storage_order_changes_no_measure(axes: str) -> None:
    ours, stored = measure(HEAD), measure(turned(HEAD, axes))
    assert stored.pop("voxels_sha256") == ours.pop("voxels_sha256")
    assert stored.pop("touches") == ours.pop("touches")
    assert stored == pytest.approx(ours, rel=1e-4)


@pytest.mark.parametrize("axes", ORIENTATIONS)
def test_canonical_is_what_nibabel_calls_closest_canonical(axes: str) -> None:
    stored = turned(HEAD, axes)
    oracle = nibabel.as_closest_canonical(nibabel.Nifti1Image(stored.data, stored.affine_ras))
    made = canonical(stored)
    np.testing.assert_array_equal(made.data, np.asarray(oracle.dataobj))
    np.testing.assert_allclose(made.affine_ras, oracle.affine)


@given(st.integers(0, 2**32 - 1), st.sampled_from([np.int16, np.int32, np.float32, np.float64]))
@settings(max_examples=20)
def test_equal_values_have_one_digest_however_they_are_stored_and_one_voxel_more_has_another(
    seed: int, kind: type
) -> None:
    data = np.random.default_rng(seed).integers(-100, 100, (3, 4, 5)).astype(np.int16)
    assert digest(data.astype(kind)) == digest(data)
    changed = data.copy()
    changed[1, 2, 3] += 1
    assert digest(changed) != digest(data)
    assert digest(data.reshape(4, 3, 5)) != digest(data)


def test_numbers_of_the_foreground_are_numpys() -> None:
    where = foreground(HEAD.data)
    found = measure(HEAD)
    values = HEAD.data[where].astype(float)
    p1, p5, p95, p99 = np.percentile(values, [1, 5, 95, 99])
    assert found["foreground_ml"] == pytest.approx(where.sum() * 80 / 1000)
    assert found["foreground_mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert (found["foreground_p1"], found["foreground_p99"]) == pytest.approx((p1, p99))
    assert found["contrast"] == pytest.approx((p95 - p5) / (p95 + p5), rel=1e-4)
    assert found["distinct"] == len(np.unique(HEAD.data)) == distinct(HEAD.data)
    assert (found["minimum"], found["maximum"]) == (HEAD.data.min(), HEAD.data.max())


def test_the_foreground_of_a_head_is_the_head() -> None:
    i, j, k = np.meshgrid(*[np.linspace(-1, 1, n) for n in heads.SHAPE], indexing="ij")
    inside = (i / 0.8) ** 2 + (j / 0.85) ** 2 + (k / 0.8) ** 2 < 1
    assert np.mean(foreground(HEAD.data) == inside) > 0.99


@pytest.mark.parametrize("sigma", [5.0, 20.0, 60.0])
def test_noise_is_the_standard_deviation_that_was_added(sigma: float) -> None:
    rng = np.random.default_rng(1)
    i = np.linspace(0, 300, 60)[:, None, None]
    data = (1000 + i + rng.normal(0, sigma, (60, 50, 40))).astype(np.float32)
    assert noise(data, np.ones(data.shape, bool)) == pytest.approx(sigma / data.mean(), rel=0.05)


def test_blur_makes_an_image_less_sharp_and_noise_makes_it_noisier() -> None:
    found = [measure(heads.volume(ndimage.gaussian_filter(HEAD.data.astype(np.float32), s))) for s in (0, 1, 2)]
    assert found[0]["sharpness"] > found[1]["sharpness"] > found[2]["sharpness"]
    noisy = HEAD.data + np.random.default_rng(0).normal(0, 40, heads.SHAPE)
    assert measure(heads.volume(noisy))["noise"] > 2 * found[0]["noise"]


def test_a_ramp_is_as_sharp_as_its_slope_over_its_range() -> None:
    data = np.zeros((60, 20, 20), np.float32)
    data[20:] = 1000 + 10 * np.arange(40)[:, None, None]
    found = measure(Volume(data, np.diag([2.0, 2, 2, 1])))
    inner = foreground(data)
    slope = np.abs(np.gradient(data, 2.0, axis=0))[inner]
    p1, p99 = np.percentile(data[inner], [1, 99])
    assert found["sharpness"] == pytest.approx(np.percentile(slope, 95) / (p99 - p1), rel=1e-4)


@pytest.mark.parametrize("face", "LRPAIS")
def test_each_face_is_named_when_content_reaches_it(face: str) -> None:
    where = np.zeros((20, 20, 20), bool)
    where[5:15, 5:15, 5:15] = True
    assert touches(where) == ""
    axis, end = "LRPAIS".index(face) // 2, "LRPAIS".index(face) % 2
    index = [slice(5, 15)] * 3
    index[axis] = slice(5, 20) if end else slice(0, 15)
    where[tuple(index)] = True
    assert touches(where) == face


@given(st.lists(st.floats(0.1, 1e5), min_size=LEAST, max_size=40))
@settings(max_examples=50)
def test_robust_scores_are_those_of_scipy(values: list[float]) -> None:
    found = group({str(index): value for index, value in enumerate(values)})
    assert found is not None
    logs = np.log(values)
    spread = max(float(stats.median_abs_deviation(logs, scale="normal")), 0.05)
    np.testing.assert_allclose(list(found.scores.values()), (logs - np.median(logs)) / spread, rtol=1e-3, atol=1e-6)


def test_few_images_have_no_outliers_and_nothing_positive_has_no_group() -> None:
    small = group({"a": 1.0, "b": 1e6})
    assert small is not None
    assert small.scores == {}
    assert group({"a": None, "b": 0.0, "c": -3.0}) is None


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((4, 5, 6)),
        np.full((4, 5, 6), 7.0),
        np.full((1, 1, 1), 3),
        np.full((4, 4, 4), np.nan),
        np.ones((2, 2, 2, 3)),
        np.array([[[np.inf, 1], [2, -np.inf]]]),
        np.random.default_rng(0).normal(size=(1, 9, 9)),
    ],
)
def test_odd_volumes_have_measures_that_are_numbers_or_nothing(data: np.ndarray) -> None:  # type: ignore[type-arg]
    found = measure(heads.volume(data, np.eye(4)))
    assert set(found) <= set(ImageMeasures.model_fields)
    assert all(value is None or isinstance(value, str) or np.isfinite(value) for value in found.values())


def test_every_measure_is_a_column_and_every_check_has_a_name_of_its_own() -> None:
    assert {item.name for item in MEASURES} <= set(MEASURED)
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    assert all(check.about.endswith(".") and check.advice.endswith((".", "?")) for check in CHECKS)
    assert all(isinstance(item, Measure) and item.about.endswith(".") for item in MEASURES)
