"""Voxels and grids survive a round trip; headers hold nothing else; what is no image is refused."""

from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.geometry import GRID_TOLERANCE_MM, corner_displacement_mm
from registry.files.volumes import encode, load, load_labels, read_header, save
from tests.support.affines import affines

TYPES = ("uint8", "int16", "uint16", "int32", "float32")
shapes = st.tuples(*[st.integers(1, 5)] * 3)


def voxels(kind: str) -> st.SearchStrategy[Any]:
    return hnp.arrays(
        kind, shapes, elements={"allow_nan": False, "allow_infinity": False} if kind == "float32" else None
    )


arrays = st.sampled_from(TYPES).flatmap(voxels)


def written(folder: pytest.TempPathFactory | Path, data: bytes, name: str = "image.nii.gz") -> Path:
    place = (folder if isinstance(folder, Path) else folder.getbasetemp()) / name
    place.write_bytes(data)
    return place


@given(data=arrays, affine=affines())
def test_voxels_types_and_grid_come_back(data: Any, affine: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = written(tmp_path_factory, encode(data, affine))
    volume = load(place)
    header = read_header(place)
    np.testing.assert_array_equal(volume.data, data)
    assert volume.data.dtype == data.dtype
    assert header.shape == data.shape
    assert header.dtype == str(data.dtype)
    assert corner_displacement_mm(data.shape, volume.affine_ras, affine) <= GRID_TOLERANCE_MM
    assert header.forms_agree


@given(data=arrays, affine=affines())
def test_another_program_sees_the_same_grid(data: Any, affine: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SimpleITK reads the file on its own terms: LPS, and k, j, i."""
    image = SimpleITK.ReadImage(str(written(tmp_path_factory, encode(data, affine))))
    last = [size - 1 for size in data.shape]
    lps = np.array(image.TransformIndexToPhysicalPoint(last))
    np.testing.assert_allclose(lps * [-1, -1, 1], (affine @ [*last, 1])[:3], atol=5e-3)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0), data)


@given(data=arrays, old=affines(), new=affines(), slope=st.sampled_from([1.0, 0.5]))
def test_a_file_is_placed_anew_and_keeps_its_voxels(
    data: Any, old: Any, new: Any, slope: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The oracle is nibabel: other voxels, another scaling or another form would show."""
    content = nibabel.Nifti1Image.from_bytes(gzip.decompress(encode(data, old)))
    content.header.set_slope_inter(slope, 2)
    content.header["vox_offset"] = 352
    path = written(tmp_path_factory, content.header.binaryblock + bytes(4) + data.tobytes("F"), "image.nii")
    volumes.place(path, new)
    image = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(image.dataobj.get_unscaled()), data)
    assert (image.dataobj.slope, image.dataobj.inter) == (slope, 2)
    assert corner_displacement_mm(data.shape, image.affine, new) <= GRID_TOLERANCE_MM
    assert read_header(path).forms_agree


def test_equal_voxels_give_equal_bytes() -> None:
    data = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    assert encode(data, np.eye(4)) == encode(np.asfortranarray(data), np.eye(4))
    assert encode(data > 3, np.eye(4)) == encode((data > 3).astype(np.uint8), np.eye(4))


def test_a_header_holds_shape_type_and_grid_alone() -> None:
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(encode(np.ones((2, 3, 4), np.uint8), np.eye(4))))
    for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type"):
        assert bytes(image.header[field]).strip(b"\0") == b"", field
    assert len(image.header.extensions) == 0
    assert image.header["vox_offset"] in (0, 352)


@pytest.mark.parametrize("kind", ["int64", "uint64"])
def test_wide_whole_numbers_are_stored_as_narrow_ones_or_refused(kind: str, tmp_path: Path) -> None:
    data = np.array([[[0, 7]]], dtype=kind)
    assert load(written(tmp_path, encode(data, np.eye(4)))).data.tolist() == data.tolist()
    with pytest.raises(InvalidInput, match="no NIfTI type"):
        encode(data + np.array(1 << 40, dtype=kind), np.eye(4))


def hostile_header(**fields: Any) -> bytes:
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4))
    raw = bytearray(image.to_bytes())
    header = np.frombuffer(raw, dtype=nibabel.nifti1.header_dtype, count=1)
    changed = header.copy()
    for key, value in fields.items():
        changed[key] = value
    raw[:348] = changed.tobytes()
    return gzip.compress(bytes(raw))


@pytest.mark.parametrize(
    "fields",
    [
        {"dim": [3, 32767, 32767, 32767, 1, 1, 1, 1]},
        {"dim": [3, 0, 4, 4, 1, 1, 1, 1]},
        {"dim": [3, -5, 4, 4, 1, 1, 1, 1]},
        {"dim": [7, 900, 900, 900, 900, 900, 900, 900]},
        {"dim": [9, 1, 1, 1, 1, 1, 1, 1]},
        {"datatype": 77},
        {"srow_x": [np.nan, 0, 0, 0]},
        {"srow_x": [0, 0, 0, 0]},
        {"sform_code": 0, "qform_code": 1, "quatern_b": np.nan},
        {"magic": b"abcd"},
    ],
    ids=str,
)
def test_a_header_that_no_scan_can_have_is_refused_before_any_voxel_is_read(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        read_header(written(tmp_path, hostile_header(**fields)))


@given(position=st.integers(0, 10_000), flip=st.integers(1, 255), cut=st.booleans())
def test_a_damaged_file_is_read_or_refused_and_never_breaks_the_program(
    position: int, flip: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(0)
    data = bytearray(encode(rng.integers(0, 9, (8, 8, 8)).astype(np.uint8), np.eye(4)))
    position %= len(data)
    data[position] ^= flip
    place = written(tmp_path_factory, bytes(data[:position] if cut else data), "damaged.nii.gz")
    for read in (read_header, load):
        with suppress(InvalidInput):
            read(place)


def test_a_file_whose_forms_disagree_is_flagged(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((9, 9, 9), np.uint8), np.eye(4))
    image.set_sform(np.diag([1, 1, 2, 1]), code=1)
    image.set_qform(np.eye(4), code=1)
    nibabel.save(image, tmp_path / "two.nii.gz")
    assert not read_header(tmp_path / "two.nii.gz").forms_agree


@pytest.mark.parametrize("data", [[0.0, 1.0, 2.0004], [0, 1, 2]])
def test_labels_stored_as_floats_are_whole_numbers_again(tmp_path: Path, data: list[float]) -> None:
    volume = load_labels(written(tmp_path, encode(np.array(data, np.float32).reshape(1, 1, 3), np.eye(4))))
    assert volume.data.dtype == np.uint8
    assert volume.data.ravel().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "sentence"), [(0.5, "no labels"), (np.nan, "no labels"), (-1, "outside 0"), (70000, "outside 0")]
)
def test_values_that_are_no_labels_are_refused(tmp_path: Path, value: float, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        load_labels(written(tmp_path, encode(np.full((1, 1, 2), value, np.float32), np.eye(4))))


def test_nothing_is_said_beside_the_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = bytearray(gzip.decompress(encode(np.zeros((4, 5, 6), np.int16), np.eye(4))))
    content[70:72] = (999).to_bytes(2, "little")
    with pytest.raises(InvalidInput):
        read_header(written(tmp_path, gzip.compress(content)))
    assert caplog.records == []


def test_a_file_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    save(tmp_path / "a" / "mask.nii.gz", np.zeros((1, 1, 1), np.uint8), np.eye(4))
    with pytest.raises(FileExistsError):
        save(tmp_path / "a" / "mask.nii.gz", np.ones((1, 1, 1), np.uint8), np.eye(4))


def test_absent_content_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.nii.gz").symlink_to("nowhere")
    with pytest.raises(InvalidInput, match=r"gone\.nii\.gz is not a readable file"):
        read_header(tmp_path / "gone.nii.gz")


@pytest.mark.realdata
def test_real_files_lie_where_another_program_says(realdata: Path) -> None:
    places = sorted(realdata.glob("open_ms/**/*.nii.gz"))[:3] + sorted(realdata.glob("gm_challenge/**/*.nii.gz"))[:3]
    places += sorted(realdata.glob("msd_hippocampus/imagesTr/*.nii.gz"))[:3]
    for place in places:
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(place))
        reader.ReadImageInformation()
        header = read_header(place)
        assert header.shape == reader.GetSize()
        assert header.spacing_mm == pytest.approx(reader.GetSpacing(), rel=1e-4)
        origin = np.array(reader.GetOrigin()) * [-1, -1, 1]
        np.testing.assert_allclose(header.affine_ras[:3, 3], origin, atol=1e-2)


def test_the_limit_of_size_is_far_above_any_scan() -> None:
    assert volumes.MAX_VOXEL_BYTES > 1024**3 * 4
