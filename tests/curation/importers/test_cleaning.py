"""Cleaning keeps every voxel bit and every scaling number; it drops text, extensions and what follows the voxels."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.support.cohorts.importer_twins as twins
from curation.importers.cleaning.nifti import clean, is_clean
from registry.errors import InvalidInput

DTYPES = ("uint8", "int16", "uint16", "int32", "float32", "float64")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dtype=st.sampled_from(DTYPES),
    order=st.sampled_from("<>"),
    version=st.sampled_from([nibabel.Nifti1Image, nibabel.Nifti2Image]),
    slope=st.sampled_from([None, (2.5, -7.0)]),
    suffix=st.sampled_from([".nii", ".nii.gz"]),
    shape=st.lists(st.integers(1, 4), min_size=3, max_size=4),
)
def test_voxels_type_scaling_and_grid_come_out_as_they_went_in(
    tmp_path: Path, dtype: str, order: str, version: Any, slope: Any, suffix: str, shape: list[int]
) -> None:
    data = np.random.default_rng(3).integers(0, 100, shape).astype(np.dtype(dtype).newbyteorder(order))
    image = version(data, twins.AFFINE, version.header_class(endianness=order))
    image.header["descrip"] = b"Jane Roe"
    if slope:
        image.header.set_slope_inter(*slope)
    path, out = tmp_path / f"in{suffix}", tmp_path / "out.nii.gz"
    nibabel.save(image, path)
    out.write_bytes(clean(path).encode())
    for before, after in zip(twins.stored(path), twins.stored(out), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(np.asarray(nibabel.load(path).dataobj), np.asarray(nibabel.load(out).dataobj))
    assert b"Roe" not in gzip.decompress(out.read_bytes())
    assert is_clean(out, clean(out))


def test_channels_of_a_four_dimensional_image_are_its_volumes(tmp_path: Path) -> None:
    data = twins.voxels(1, (3, 4, 5, 3))
    content = clean(twins.put(tmp_path / "four.nii.gz", data))
    assert content.channels == 3
    for index in range(3):
        (tmp_path / f"{index}.nii.gz").write_bytes(content.channel(index).encode())
        np.testing.assert_array_equal(twins.stored(tmp_path / f"{index}.nii.gz")[0], data[..., index])


@pytest.mark.parametrize("keep", [0, 5, 200, 360, -40])
def test_a_truncated_or_foreign_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = twins.put(tmp_path / "whole.nii.gz", twins.voxels(2, (20, 20, 20)))
    (tmp_path / "cut.nii.gz").write_bytes(path.read_bytes()[:keep])
    (tmp_path / "cut.nii").write_bytes(gzip.decompress(path.read_bytes())[:keep])
    for name in ("cut.nii.gz", "cut.nii"):
        with pytest.raises(InvalidInput) as caught:
            clean(tmp_path / name)
        assert caught.value.hint


def test_a_clean_file_is_told_from_one_with_text(tmp_path: Path) -> None:
    path = twins.put(tmp_path / "a.nii.gz", twins.voxels(1))
    assert not is_clean(path, clean(path))
    named = tmp_path / "b.nii.gz"
    with gzip.GzipFile("roe.nii", "wb", fileobj=named.open("wb"), mtime=5) as stream:
        stream.write(clean(path).content)
    assert not is_clean(named, clean(named))
