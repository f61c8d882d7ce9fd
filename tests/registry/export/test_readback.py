"""What leaves for nnU-Net and the Decathlon is what SimpleITK reads there: the values, and where they lie."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK

from registry.errors import GeometryError, InvalidInput
from registry.export import decathlon, nnunet
from registry.export.bundle import Bundle, Options
from registry.files.canonical import sha256_file
from registry.manifests import TRAIN, FileRef, Manifest, Sample, Truth
from registry.snapshots.content import Contents
from tests.support.nifti_headers import AFFINE, Header, itk_affine, put
from tests.support.nnunet_rules import find_faults

SHAPE = (6, 5, 4)
IMAGE = np.random.default_rng(0).integers(0, 999, SHAPE).astype(np.int16)
MASK = (IMAGE > 500).astype(np.uint8)
LAYOUTS = {"nnunet": nnunet, "decathlon": decathlon}
PLAIN, COPIES = Header(), Options()

Put = Callable[[Path], Path]


def stored(data: Any = IMAGE, affine: Any = AFFINE, header: Header = PLAIN, edits: Mapping[int, bytes] = {}) -> Put:
    """A function that writes a file; `edits` are bytes of the finished NIfTI-1 header by their offset."""

    def write(path: Path) -> Path:
        put(path, data, affine, header)
        raw = bytearray(gzip.decompress(path.read_bytes()))
        for offset, value in edits.items():
            raw[offset : offset + len(value)] = value
        path.write_bytes(gzip.compress(bytes(raw), mtime=0))
        return path

    return write


def bundle(folder: Path, images: Mapping[str, Put], mask: Put, options: Options = COPIES, **named: Any) -> Bundle:
    """An export of one sample whose frozen files are written by functions."""
    places = {f"{name}.nii.gz": images[name](folder / f"{name}.nii.gz") for name in images}
    places["mask.nii.gz"] = mask(folder / "mask.nii.gz")
    refs = {name: FileRef(name, sha256_file(path), path.stat().st_size) for name, path in places.items()}
    truth = refs.pop("mask.nii.gz")
    target = Truth(*vars(truth).values(), "expert", "e01", "p", next(iter(refs)), {"1": "L"}, TRAIN)
    channels = {name.removesuffix(".nii.gz"): ref for name, ref in refs.items()}
    sample = Sample("s1", "P1", "sub-1", None, None, None, None, "train", channels, (target,))
    query = {"name": "all", "version": 1, "sql": "", "sha256": ""}
    labels = named.get("labels", {"0": "background", "1": "lesion"})
    manifest = Manifest(query, None, {}, tuple(channels), labels, (sample,))
    return Bundle(None, manifest, Contents(places, (), (), ()), folder / "out", options)  # type: ignore[arg-type]


def exported(made: Bundle) -> tuple[list[Path], Path]:
    """The images and the mask of the one sample."""
    (mask,) = (made.folder / "labelsTr").iterdir()
    return sorted((made.folder / "imagesTr").iterdir()), mask


def values(path: Path) -> Any:
    """The voxels that SimpleITK reads, axes in the order of NIfTI."""
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path)).T


def quaternion(*numbers: float) -> dict[int, bytes]:
    return {256: struct.pack("<3f", *numbers)}


UNLIKE_EDGES = {76: struct.pack("<4f", 1, 3, 3, 3), 252: struct.pack("<2h", 0, 1)}
"""Voxel edges in `pixdim` that contradict the sform: SimpleITK takes them from there."""

ODD: dict[str, tuple[Put, Put]] = {
    "NIfTI-2": (stored(header=Header(version=2)), stored(MASK)),
    "NIfTI-2 with its mask": (stored(header=Header(version=2)), stored(MASK, header=Header(version=2))),
    "a fourth axis": (stored(IMAGE[..., None]), stored(MASK)),
    "a fourth axis with its mask": (stored(IMAGE[..., None]), stored(MASK[..., None])),
    "a qform elsewhere that ITK prefers": (stored(header=Header((1, 2), 9)), stored(MASK)),
    "a qform elsewhere, mask alike": (stored(header=Header((1, 2), 9)), stored(MASK, header=Header((1, 2), 9))),
    "a qform elsewhere that ITK does not prefer": (stored(header=Header((1, 1), 9)), stored(MASK)),
    "no rotation in the quaternion": (stored(edits=quaternion(0.9, 0.9, 0.9)), stored(MASK)),
    "no number in the quaternion": (stored(edits=quaternion(np.nan, 0, 0)), stored(MASK)),
    "edges unlike the sform": (stored(edits=UNLIKE_EDGES), stored(MASK, edits=UNLIKE_EDGES)),
    "edges unlike the sform, mask not": (stored(edits=UNLIKE_EDGES), stored(MASK)),
    "only a qform": (stored(header=Header((1, 0))), stored(MASK, header=Header((0, 1)))),
    "a mask of decimals": (stored(), stored(MASK.astype(np.float32))),
    "a mask with a drifted scale": (stored(), stored(MASK, header=Header(scale=(0.9995, 0)))),
    "64 bits": (stored(IMAGE.astype(np.int64)), stored(MASK.astype(np.int64))),
}


@pytest.mark.parametrize("case", ODD)
def test_simpleitk_reads_the_values_where_the_registry_holds_them(case: str, tmp_path: Path) -> None:
    image, mask = ODD[case]
    for layout, module in LAYOUTS.items():
        folder = tmp_path / layout
        made = bundle(folder, {"FLAIR": image}, mask)
        module.write(made)
        (picture,), labels = exported(made)
        np.testing.assert_array_equal(values(picture), IMAGE)
        np.testing.assert_array_equal(values(labels), MASK)
        for path in (picture, labels):
            np.testing.assert_allclose(itk_affine(path), AFFINE, atol=1e-4)
    assert find_faults(tmp_path / "nnunet" / "out") == []


@pytest.mark.parametrize("case", ODD)
def test_two_channels_lie_where_their_mask_does_whatever_their_headers(case: str, tmp_path: Path) -> None:
    image, mask = ODD[case]
    for layout, module in LAYOUTS.items():
        made = bundle(tmp_path / layout, {"FLAIR": stored(IMAGE + np.int16(1)), "T1w": image}, mask)
        module.write(made)
        pictures, labels = exported(made)
        read = [values(path) for path in pictures]
        both = np.stack(read, -1) if layout == "nnunet" else read[0]
        np.testing.assert_array_equal(both, np.stack([IMAGE + 1, IMAGE], -1))
        for path in (*pictures, labels):
            np.testing.assert_allclose(itk_affine(path), AFFINE, atol=1e-4)
    assert find_faults(tmp_path / "nnunet" / "out") == []


def test_what_was_written_anew_is_said_and_what_fits_leaves_as_it_is(tmp_path: Path) -> None:
    for layout, module in LAYOUTS.items():
        made = bundle(tmp_path / layout / "odd", {"FLAIR": stored(header=Header(version=2))}, stored(MASK))
        module.write(made)
        assert any("1 sample had to be written anew" in note and "is NIfTI-2" in note for note in made.notes)
        made = bundle(tmp_path / layout / "plain", {"FLAIR": stored()}, stored(MASK))
        module.write(made)
        assert not any("anew" in note for note in made.notes)
        (picture,), labels = exported(made)
        frozen = made.contents.places
        assert [sha256_file(picture), sha256_file(labels)] == [sha256_file(path) for path in frozen.values()]


def test_a_file_that_is_written_anew_is_never_written_through_a_link(tmp_path: Path) -> None:
    made = bundle(tmp_path, {"FLAIR": stored(header=Header(version=2))}, stored(MASK), Options(link=True))
    for path in made.contents.places.values():
        path.chmod(0o444)
    before = {path: sha256_file(path) for path in made.contents.places.values()}
    nnunet.write(made)
    assert {path: sha256_file(path) for path in before} == before
    assert nibabel.load(exported(made)[0][0]).header["sizeof_hdr"] == 348


SHEARED = AFFINE.copy()
SHEARED[0, 2] = 0.25


@pytest.mark.parametrize("codes", [(0, 1), (1, 1), (1, 2)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sheared_grid_is_refused_by_name(layout: str, codes: tuple[int, int], tmp_path: Path) -> None:
    header = Header(codes)
    made = bundle(tmp_path, {"FLAIR": stored(affine=SHEARED, header=header)}, stored(MASK, SHEARED, header))
    with pytest.raises(GeometryError, match=r"1 sample .*s1.*not at right angles") as caught:
        LAYOUTS[layout].write(made)
    assert "--layout bids" in caught.value.hint


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sheared_channel_can_be_resampled(layout: str, tmp_path: Path) -> None:
    """A field that is linear in RAS millimetres is the same field on every grid."""
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1)
    field, expected = (
        ((index @ grid[:3, :3].T + grid[:3, 3]) @ [1.0, 2.0, 3.0]).astype(np.float32) for grid in (SHEARED, AFFINE)
    )
    images = {"FLAIR": stored(), "T1w": stored(field, SHEARED, Header((0, 1)))}
    made = bundle(tmp_path, images, stored(MASK), Options(resample=True))
    LAYOUTS[layout].write(made)
    pictures, _ = exported(made)
    found = values(pictures[1]) if layout == "nnunet" else values(pictures[0])[..., 1]
    inner = (slice(1, -1),) * 3
    np.testing.assert_allclose(found[inner], expected[inner], atol=1e-3)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_position_that_is_not_stated_is_not_invented(layout: str, tmp_path: Path) -> None:
    bare = Header((0, 0))
    images = {"FLAIR": stored(header=bare), "T1w": stored(header=bare)}
    made = bundle(tmp_path, images, stored(MASK, header=bare))
    LAYOUTS[layout].write(made)
    pictures, mask = exported(made)
    for path in (*pictures, mask):
        header = nibabel.load(path).header
        assert (int(header["qform_code"]), int(header["sform_code"])) == (0, 0)
        np.testing.assert_allclose(itk_affine(path), itk_affine(mask))
    assert any("1 sample states no position" in note for note in made.notes)


def test_a_channel_without_a_position_is_not_resampled(tmp_path: Path) -> None:
    images = {"FLAIR": stored(), "T1w": stored(header=Header((0, 0)))}
    with pytest.raises(GeometryError, match=r"T1w of s1 .*header of the image states no position"):
        nnunet.write(bundle(tmp_path, images, stored(MASK), Options(resample=True)))


@pytest.mark.parametrize("labels", [{"0": "background", "1": "L"}, {"0": "background", "1": "L", "4": "rim"}])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_value_without_a_name_is_refused(layout: str, labels: dict[str, str], tmp_path: Path) -> None:
    """It would stop nnU-Net; where values were made consecutive it left as background."""
    made = bundle(tmp_path, {"FLAIR": stored()}, stored(MASK * np.uint8(3)), labels=labels)
    with pytest.raises(InvalidInput, match="The mask of s1 holds the value 3, which has no name"):
        LAYOUTS[layout].write(made)


def test_more_voxels_than_nifti_1_can_say_are_refused(tmp_path: Path) -> None:
    long = np.zeros((32768, 1, 1), np.uint8)
    header = Header(version=2)
    with pytest.raises(InvalidInput, match="32768 voxels along one axis"):
        nnunet.write(bundle(tmp_path, {"FLAIR": stored(long, header=header)}, stored(long, header=header)))


def test_a_channel_whose_content_lies_off_the_mask_is_said(tmp_path: Path) -> None:
    """It overlaps, so it is not refused; yet nothing of it is on the mask's grid."""
    shape, affine = (30, 5, 4), AFFINE.copy()
    affine[0, 0] = -0.8
    far = np.zeros(shape, np.int16)
    far[20:] = 9
    images = {"FLAIR": stored(), "T1w": stored(far, affine)}
    made = bundle(tmp_path, images, stored(MASK), Options(resample=True))
    nnunet.write(made)
    assert not values(exported(made)[0][1]).any()
    assert "The T1w of s1 holds nothing but 0 on its mask's grid." in made.notes


def test_simpleitk_reads_nan_and_infinity_as_0(tmp_path: Path) -> None:
    """The note in an export says so; with another SimpleITK it would be wrong."""
    data = np.full(SHAPE, 7, np.float32)
    data[0, 0, :3] = np.nan, np.inf, -np.inf
    assert values(stored(data)(tmp_path / "odd.nii.gz"))[0, 0].tolist() == [0, 0, 0, 7]


@pytest.mark.parametrize("labels", [{"1": "lesion", "2": "ignore"}, {"1": "Ignore", "2": "lesion"}])
def test_what_nobody_judged_is_the_highest_label_and_named_as_nnunet_names_it(
    labels: dict[str, str], tmp_path: Path
) -> None:
    mask = MASK.copy()
    mask[0, 0, 0] = 2
    made = bundle(tmp_path, {"FLAIR": stored()}, stored(mask), labels={"0": "background", **labels})
    nnunet.write(made)
    written = json.loads((made.folder / "dataset.json").read_text())["labels"]
    assert written == {"background": 0, "lesion": 1, "ignore": 2}
    assert find_faults(made.folder) == []
    (path,) = (made.folder / "labelsTr").iterdir()
    lesion = int(next(value for value, name in labels.items() if name == "lesion"))
    np.testing.assert_array_equal(values(path) == 1, mask == lesion)
    np.testing.assert_array_equal(values(path) == 2, (mask != lesion) & (mask > 0))


def test_what_nobody_judged_is_named_where_the_target_was_chosen_without_it(tmp_path: Path) -> None:
    made = bundle(tmp_path, {"FLAIR": stored()}, stored(MASK))
    (sample,) = made.manifest.samples
    truth = replace(sample.truths[0], labels={"1": "L", "2": "ignore"})
    made = replace(made, manifest=replace(made.manifest, samples=(replace(sample, truths=(truth,)),)))
    nnunet.write(made)
    assert any("nobody judged" in note for note in made.notes)
