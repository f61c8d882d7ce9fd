"""One door for masks: whatever way they come in, what was checked is what is stored, at the place of its image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from curation.recipes import Recipe
from registry.files.mask_storage import list_differences
from tests.curation.importers.test_patterns import COHORT
from tests.support.nifti_headers import Header, itk_affine, put, ways_of_storing

LABELS = twins.blob(1)
STORED = ways_of_storing(LABELS)
SOUND = [kind for kind in STORED if kind != "no form"]
MANUAL = "derivatives/manual-ms"
IMAGE = "sub-01/ses-a/anat/sub-01_ses-a_FLAIR"
MASK = f"{MANUAL}/sub-01/ses-a/anat/sub-01_ses-a_space-FLAIR_label-L_desc-e01_mask"


def by_pattern(root: Path) -> Path:
    twins.put(root / "7/t1.nii", twins.voxels(3))
    twins.put(root / "7/mask_e01.nii", LABELS)
    return root


WAYS: dict[str, tuple[Recipe, Any, str]] = {
    "bids": (recipes.load("bids"), twins.bids, f"{MASK}.nii.gz"),
    "decathlon": (recipes.load("decathlon"), twins.decathlon, "labelsTr/thing_001.nii.gz"),
    "near-bids": (
        recipes.load("gm-challenge"),
        twins.near_bids,
        "derivatives/labels/sub-9Ses1/anat/sub-9Ses1_run-1_T2starw_gmseg-manual.nii.gz",
    ),
    "patterns": (COHORT, by_pattern, "7/mask_e01.nii"),
}


def import_one(way: str, kind: str, folder: Path) -> tuple[Path, ImportReport]:
    """A delivery with one mask stored in an odd way, imported; the tree and the report."""
    recipe, make, path = WAYS[way]
    source = make(folder / "delivery")
    mask = source / path
    data, header, _ = STORED[kind]
    put(mask, data, twins.AFFINE, header)
    return folder / "into", stage(recipe, source, folder / "into")


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.parametrize("way", WAYS)
def test_what_was_checked_is_what_is_stored(way: str, kind: str, tmp_path: Path) -> None:
    into, report = import_one(way, kind, tmp_path)
    masks = list(into.glob("derivatives/manual-*/**/*.nii.gz"))
    assert not [item for item in report.refused if item.reason in ("other-grid", "label-values", "not-nifti")]
    assert masks
    for mask in masks:
        sidecar = json.loads(mask.with_name(mask.name.replace(".nii.gz", ".json")).read_text())
        image = into / sidecar["SpatialReference"].removeprefix("bids:raw:")
        assert list_differences(mask, image) == []
        read = SimpleITK.ReadImage(mask)
        assert set(np.unique(SimpleITK.GetArrayFromImage(read))) <= {0, 1, 2}
        np.testing.assert_allclose(itk_affine(mask), itk_affine(image), atol=1e-3)


@pytest.mark.parametrize("kind", SOUND)
def test_a_label_map_that_is_written_anew_is_named_with_the_reason(kind: str, tmp_path: Path) -> None:
    into, report = import_one("bids", kind, tmp_path)
    assert any(STORED[kind][2] in note and MASK in note for note in report.notes)
    data, dtype, _ = twins.stored(into / f"{MASK}.nii.gz")
    assert dtype == np.uint8
    np.testing.assert_array_equal(data, LABELS)


def test_a_mask_without_a_position_is_refused_with_that_reason(tmp_path: Path) -> None:
    _, report = import_one("bids", "no form", tmp_path)
    refused = next(item for item in report.refused if item.path == f"{MASK}.nii.gz")
    assert refused.reason == "other-grid"
    assert "neither qform nor sform is set" in refused.detail


@pytest.mark.parametrize("header", [Header(codes=(0, 0)), Header(codes=(1, 2), shift_mm=25)], ids=str)
def test_a_mask_repeats_the_forms_of_an_image_that_programs_place_differently(header: Header, tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    put(source / f"{IMAGE}.nii.gz", twins.voxels(0), twins.AFFINE, header)
    put(source / f"{MASK}.nii.gz", LABELS, twins.AFFINE, header)
    stage(recipes.load("bids"), source, tmp_path / "into")
    image, mask = tmp_path / f"into/{IMAGE}.nii.gz", tmp_path / f"into/{MASK}.nii.gz"
    np.testing.assert_allclose(itk_affine(mask), itk_affine(image), atol=1e-4)
    np.testing.assert_allclose(twins.stored(mask)[2], twins.stored(image)[2], atol=1e-4)


def test_a_label_map_of_another_derivative_holds_labels_or_stays_outside(tmp_path: Path) -> None:
    """A brain mask is no reading, but the registry counts its labels, so it holds some."""
    source = twins.bids(tmp_path / "delivery")
    folder = source / "derivatives/brains/sub-01/ses-a/anat"
    put(folder / "sub-01_ses-a_label-brain_mask.nii.gz", LABELS, np.diag([2.0, 2, 2, 1]), Header(scale=(0.9995, 0)))
    put(folder / "sub-01_ses-a_label-head_mask.nii.gz", LABELS * np.float32(0.4), twins.AFFINE)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    kept = tmp_path / "into/derivatives/brains/sub-01/ses-a/anat/sub-01_ses-a_label-brain_mask.nii.gz"
    assert list_differences(kept) == []
    np.testing.assert_array_equal(twins.stored(kept)[2], np.diag([2.0, 2, 2, 1]))
    assert {item.path.rpartition("_")[0][-10:]: item.reason for item in report.refused if "brains" in item.path} == {
        "label-head": "label-values"
    }


@pytest.mark.parametrize("unit", ["meter", "micron"])
def test_an_image_in_another_unit_is_stored_in_mm(unit: str, tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "delivery")
    length = {"meter": 1000.0, "micron": 0.001}[unit]
    grid = np.diag([*[1 / length] * 3, 1.0]) @ twins.AFFINE
    put(source / f"{IMAGE}.nii.gz", twins.voxels(0), grid, Header(unit=unit))
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    image = tmp_path / f"into/{IMAGE}.nii.gz"
    np.testing.assert_allclose(twins.stored(image)[2], twins.AFFINE, atol=1e-5)
    np.testing.assert_allclose(itk_affine(image), twins.AFFINE, atol=1e-4)
    assert (tmp_path / f"into/{MASK}.nii.gz").exists()
    assert report.kept["images"] == 4
