"""The fast way to read a header gives what nibabel gives, or asks it."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import InvalidInput
from registry.files import nifti_header, volumes

numbers = st.floats(-200, 200, width=32)
angles = st.floats(-np.pi, np.pi)
shapes = st.lists(st.integers(1, 5), min_size=1, max_size=5).map(tuple)
dtypes = st.sampled_from(["uint8", "int16", "int32", "float32", "float64", "uint16", "int64", ">i2"])
flips = st.lists(st.tuples(st.integers(0, 351), st.integers(0, 255)), max_size=2)


def rotation(x: float, y: float, z: float) -> np.ndarray:
    cx, cy, cz, sx, sy, sz = np.cos(x), np.cos(y), np.cos(z), np.sin(x), np.sin(y), np.sin(z)
    one = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    two = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return one @ two @ np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])


@st.composite
def files(draw: Any) -> bytes:
    """A NIfTI file: right angles or free ones, flips, either form set or both, now and then with a damaged header."""
    quarter = draw(st.booleans())
    turns = [draw(st.integers(0, 3)) * np.pi / 2 if quarter else draw(angles) for _ in range(3)]
    affine = np.eye(4)
    sizes = [draw(st.floats(0.25, 6)) * draw(st.sampled_from([1, -1])) for _ in range(3)]
    affine[:3, :3] = rotation(*turns) @ np.diag(sizes)
    if draw(st.integers(0, 5)) == 0:
        affine[0, 1] += draw(numbers)
    affine[:3, 3] = [draw(numbers) for _ in range(3)]
    image = nibabel.Nifti1Image(data := np.zeros(draw(shapes), dtype=draw(dtypes)), None, dtype=data.dtype)
    image.set_sform(affine, code=draw(st.integers(0, 4)))
    if draw(st.booleans()):
        affine[0, 3] += draw(st.sampled_from([0, 0.049, 0.051, 3]))
        image.set_qform(affine, code=draw(st.integers(0, 4)))
    raw = bytearray(image.to_bytes())
    for place, value in draw(flips) if draw(st.integers(0, 3)) == 0 else []:
        raw[place] = value
    return bytes(raw)


def answer(read: Any, path: Path) -> object:
    try:
        header = read(path)
    except InvalidInput as error:
        return str(error)
    return (
        header.shape,
        header.affine_ras.tolist(),
        header.spacing_mm,
        header.dtype,
        header.orientation,
        header.forms_agree,
    )


@settings(max_examples=200, deadline=None)
@given(data=files(), suffix=st.sampled_from([".nii", ".nii.gz"]))
def test_both_ways_give_the_same_header_or_the_same_refusal(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"image{suffix}"
        path.write_bytes(gzip.compress(data) if suffix == ".nii.gz" else data)
        assert answer(volumes.read_header, path) == answer(volumes._any_header, path)


def test_what_cohortium_writes_takes_the_fast_way(tmp_path: Path) -> None:
    path = tmp_path / "image.nii.gz"
    path.write_bytes(volumes.encode(np.ones((3, 4, 5), np.uint8), np.diag([2.0, 2.0, 3.0, 1.0])))
    plain = nifti_header.read(path)
    assert plain is not None
    assert (plain.shape, plain.dtype, plain.orientation) == ((3, 4, 5), "uint8", "RAS")


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b", b"no image at all" * 40])
def test_what_is_no_image_is_refused(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "sub-1_T1w.nii.gz"
    place.write_bytes(content)
    assert nifti_header.read(place) is None
    with pytest.raises(InvalidInput, match=r"sub-1_T1w\.nii\.gz is not a NIfTI image"):
        volumes.read_header(place)
