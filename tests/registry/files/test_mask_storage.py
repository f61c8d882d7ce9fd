"""Every program reads a stored label map as the values that were checked, at the place of its image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidInput
from registry.files.mask_storage import contested_forms, encode_on, list_differences
from registry.files.volumes import forms_apart_mm, load_labels, read_header
from tests.support.affines import affines
from tests.support.nifti_headers import AFFINE, Header, itk_affine, put, ways_of_storing

SHAPE = (5, 6, 4)
LABELS = np.zeros(SHAPE, np.uint8)
LABELS[1:4, 2:5, 1:3] = 1

IMAGES = {
    "both forms": Header(),
    "qform only": Header(codes=(1, 0)),
    "sform only": Header(codes=(0, 2)),
    "neither form": Header(codes=(0, 0)),
    "forms that disagree": Header(shift_mm=25),
    "forms that disagree, aligned": Header(codes=(1, 2), shift_mm=25),
    "forms a hair apart": Header(codes=(1, 2), shift_mm=0.03),
    "edges unlike the sform": Header(codes=(0, 1), edges=(3, 3, 3)),
    "edges unlike both forms": Header(edges=(3, 3, 3)),
    "edges in another order": Header(codes=(0, 2), edges=(1.5, 1, 1)),
    "an edge below zero": Header(edges=(1, -1, 1.5)),
    "an edge below zero in the qform": Header(codes=(1, 0), edges=(1, -1, 1.5)),
    "no edges": Header(codes=(0, 1), edges=(0, 0, 0)),
    "micrometres": Header(unit="micron"),
    "NIfTI-2": Header(version=2),
}


@pytest.mark.parametrize("kind", IMAGES)
def test_a_label_map_lies_on_its_image_for_nibabel_and_for_simpleitk(kind: str, tmp_path: Path) -> None:
    image = put(tmp_path / "image.nii.gz", np.ones(SHAPE, np.int16), header=IMAGES[kind])
    mask = tmp_path / "mask.nii.gz"
    mask.write_bytes(encode_on(LABELS, image))
    np.testing.assert_allclose(read_header(mask).affine_ras, read_header(image).affine_ras, atol=1e-5)
    if kind != "NIfTI-2":  # SimpleITK does not read the image
        np.testing.assert_allclose(itk_affine(mask), itk_affine(image), atol=1e-4)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(mask)).T, LABELS)
    assert list_differences(mask, image) == []
    assert int(nibabel.load(mask).header["xyzt_units"]) & 7 == 2


@given(affine=affines(), codes=st.sampled_from([(0, 1), (1, 0), (1, 1), (2, 4), (0, 0)]))
def test_it_does_so_on_any_grid(affine: Any, codes: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    image = put(folder / "on.nii.gz", np.ones((2, 3, 2), np.int16), affine, Header(codes=codes))
    (folder / "drawn.nii.gz").write_bytes(encode_on(np.ones((2, 3, 2), np.uint8), image))
    np.testing.assert_allclose(itk_affine(folder / "drawn.nii.gz"), itk_affine(image), atol=2e-3)
    assert list_differences(folder / "drawn.nii.gz", image) == []


edge = st.sampled_from([1.0, 1.5, 3.0, 1.0001, -1.0, -1.5, 0.0])


@given(edges=st.tuples(edge, edge, edge), codes=st.sampled_from([(0, 1), (1, 0), (1, 1), (0, 2)]))
def test_voxel_edges_that_simpleitk_reads_otherwise_are_a_disagreement(
    edges: tuple[float, float, float], codes: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = put(tmp_path_factory.getbasetemp() / "edges.nii", LABELS, header=Header(codes, edges=edges))
    header = read_header(path)
    read = np.abs(itk_affine(path) - header.affine_ras)[:3, :3].max() < 0.01
    assert header.forms_agree == read, itk_affine(path)
    if not read:
        assert contested_forms(path) is not None


@given(affine=affines(), far=st.integers(300, 600), code=st.sampled_from([1, 2]))
def test_edges_in_single_precision_never_are(
    affine: Any, far: int, code: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Oblique axes have no edge that single precision holds; an image of 600 voxels is long."""
    path = put(tmp_path_factory.getbasetemp() / "far.nii", np.ones((far, 2, 2), np.uint8), affine, Header((0, code)))
    assert read_header(path).forms_agree
    assert contested_forms(path) is None


def test_the_thickness_of_one_slice_counts(tmp_path: Path) -> None:
    path = put(tmp_path / "slice.nii", LABELS[..., :1], header=Header((0, 1), edges=(1, 1, 5)))
    assert forms_apart_mm(path) == pytest.approx(3.5)
    assert not read_header(path).forms_agree


STORED = ways_of_storing(LABELS)


@pytest.mark.parametrize("kind", STORED)
def test_what_a_program_may_read_otherwise_is_named(kind: str, tmp_path: Path) -> None:
    data, header, words = STORED[kind]
    image = put(tmp_path / "image.nii.gz", np.ones(SHAPE, np.int16))
    assert words in list_differences(put(tmp_path / "mask.nii.gz", data, header=header), image)


@pytest.mark.parametrize("kind", ["255 times 1/255", "a slope that drifted", "an intercept", "decimals", "64 bits"])
def test_its_values_are_the_labels_that_were_meant(kind: str, tmp_path: Path) -> None:
    data, header, _ = STORED[kind]
    read = load_labels(put(tmp_path / "mask.nii.gz", data, header=header))
    assert read.data.dtype == np.uint8
    np.testing.assert_array_equal(read.data, LABELS)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_label_map_is_one_volume_without_further_axes(axes: int, tmp_path: Path) -> None:
    data = LABELS.reshape(*SHAPE, *[1] * axes)
    assert load_labels(put(tmp_path / "mask.nii.gz", data)).data.shape == SHAPE


def test_what_every_program_reads_alike_is_stored_as_it_is(tmp_path: Path) -> None:
    image = put(tmp_path / "image.nii.gz", np.ones(SHAPE, np.int16))
    for number, kind in enumerate(("uint8", "int16", "int32", "uint16")):
        mask = put(tmp_path / f"{number}.nii.gz", LABELS.astype(kind), header=Header(unit="unknown"))
        assert list_differences(mask, image) == []


def test_forms_are_contested_where_neither_is_set_or_they_disagree(tmp_path: Path) -> None:
    contested = {"neither form", "forms that disagree", "forms that disagree, aligned", "forms a hair apart"}
    contested |= {kind for kind in IMAGES if "edge" in kind}
    for kind, header in IMAGES.items():
        image = put(tmp_path / f"{kind}.nii", np.ones(SHAPE, np.int16), header=header)
        assert (contested_forms(image) is not None) == (kind in contested), kind
        assert read_header(image).forms_missing == (kind == "neither form"), kind


@pytest.mark.parametrize(("unit", "length"), [("meter", 1000.0), ("mm", 1.0), ("micron", 0.001), ("unknown", 1.0)])
def test_a_grid_is_in_mm_whatever_the_unit_of_the_header(unit: str, length: float, tmp_path: Path) -> None:
    """As SimpleITK has it; nibabel leaves the unit to its caller."""
    image = put(tmp_path / "image.nii.gz", np.ones(SHAPE, np.int16), header=Header(unit=unit))
    assert read_header(image).spacing_mm == pytest.approx((length, length, 1.5 * length))
    np.testing.assert_allclose(read_header(image).affine_ras, itk_affine(image), atol=1e-5 * length)
    np.testing.assert_allclose(read_header(image).affine_ras[:3], AFFINE[:3] * length, rtol=1e-6)


def test_a_file_that_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mask.nii.gz").write_bytes(b"<html>")
    with pytest.raises(InvalidInput, match="not a NIfTI image"):
        list_differences(tmp_path / "mask.nii.gz")
