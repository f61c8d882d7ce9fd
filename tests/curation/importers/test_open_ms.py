"""The open MS data: resampling goes the right way, and what cannot be used is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from curation.importers.open_ms import itk
from registry.errors import InvalidInput
from registry.files import volumes
from registry.files.canonical import read_tsv

COMMON = "derivatives/common-openms/sub-OMSL01"


def run(source: Path, into: Path) -> ImportReport:
    return stage(recipes.load("open-ms"), source, into)


def test_resampling_equals_simpleitk(tmp_path: Path) -> None:
    """An independent oracle: rotation, scaling, shear, another grid, both axes of LPS flipped."""
    sitk = pytest.importorskip("SimpleITK")
    rng = np.random.default_rng(4)
    moving = twins.put(tmp_path / "moving.nii.gz", rng.normal(100, 30, (14, 12, 9)).astype(np.float32), text="")
    grid = np.diag([-0.8, -0.9, 1.1, 1.0])
    grid[:3, 3] = (6, 9, 6)
    fixed = twins.put(tmp_path / "fixed.nii.gz", np.zeros((13, 11, 8), np.uint8), grid, text="")
    matrix = (np.eye(3) + rng.normal(0, 0.05, (3, 3))).ravel()
    numbers = " ".join(str(value) for value in (*matrix, 1.2, -0.7, 0.4))
    twins.write(
        tmp_path / "t.txt",
        "#Insight Transform File V1.0\n#Transform 0\nTransform: MatrixOffsetTransformBase_double_3_3\n"
        f"Parameters: {numbers}\nFixedParameters: 1.5 -2 3\n",
    )
    ours = itk.resample(volumes.load(moving), (13, 11, 8), grid, itk.read_affine(tmp_path / "t.txt"))
    transform = sitk.ReadTransform(str(tmp_path / "t.txt"))
    images = [sitk.ReadImage(str(path), sitk.sitkFloat32) for path in (moving, fixed)]
    theirs = sitk.GetArrayFromImage(sitk.Resample(images[0], images[1], transform, sitk.sitkLinear, 0.0)).T
    inside = (ours != 0) & (theirs != 0)
    assert inside.mean() > 0.3
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=1e-3)


def test_a_shift_moves_the_image_as_resampling_means_it(tmp_path: Path) -> None:
    source = twins.open_ms(tmp_path / "delivery")
    patient = source / "longitudinal/patient01"
    twins.itk_affine(patient / "study2_FLAIR_to_common_space.txt", (-1.0, 0, 0))  # one voxel to the right in RAS
    twins.itk_affine(patient / "study2_T2W_intrastudy_to_FLAIR.txt", (0, -2.0, 0))
    run(source, tmp_path / "into")
    raw = twins.voxels(2).astype(np.uint16)
    anat = tmp_path / "into" / COMMON / "ses-02/anat/sub-OMSL01_ses-02_space-common_desc-resampled"
    np.testing.assert_array_equal(twins.stored(Path(f"{anat}_FLAIR.nii.gz"))[0][:-1], raw[1:])
    np.testing.assert_array_equal(twins.stored(Path(f"{anat}_T2w.nii.gz"))[0][:-1, :-2], raw[1:, 2:])


def test_raw_images_keep_their_voxels_and_the_change_mask_names_both_flairs(tmp_path: Path) -> None:
    into = tmp_path / "into"
    run(twins.open_ms(tmp_path / "delivery"), into)
    np.testing.assert_array_equal(
        twins.stored(into / "sub-OMSL01/ses-01/anat/sub-OMSL01_ses-01_T2w.nii.gz")[0], twins.voxels(1)
    )
    anat = into / "derivatives/consensus-mschange/sub-OMSL01/ses-02/anat"
    stated = json.loads((anat / "sub-OMSL01_ses-02_space-common_label-L_desc-consensus_mask.json").read_text())
    assert len(stated["Sources"]) == 2
    assert stated["SpatialReference"] == stated["Sources"][1]


def test_gaps_in_the_tables_are_missing_values(tmp_path: Path) -> None:
    into = tmp_path / "into"
    run(twins.open_ms(tmp_path / "delivery"), into)
    people = {row["participant_id"]: row for row in read_tsv(into / "participants.tsv")}
    assert (people["sub-OMSL01"]["age"], people["sub-OMSL01"]["ms_type"]) == ("20", None)
    assert (people["sub-OMSX19"]["edss"], people["sub-OMSX19"]["ms_type"]) == (None, None)
    days = [row["days_from_baseline"] for row in read_tsv(into / "sub-OMSL01/sub-OMSL01_sessions.tsv")]
    assert days == ["0", "203"]


def test_what_is_missing_or_damaged_is_named(tmp_path: Path) -> None:
    source = twins.open_ms(tmp_path / "delivery")
    patient = source / "longitudinal/patient01"
    (patient / "study1_T1W.nii.gz").unlink()
    twins.write(patient / "study2_FLAIR.nii.gz", "no image")
    twins.write(source / "longitudinal/notes.txt", "x")
    report = run(source, tmp_path / "into")
    reasons = {item.path: item.reason for item in report.refused}
    assert reasons["longitudinal/patient01/study1_T1W_intrastudy_to_FLAIR.txt"] == "transform-without-image"
    assert reasons["longitudinal/patient01/study2_FLAIR.nii.gz"] == "not-nifti"
    assert reasons["longitudinal/patient01/gt.nii.gz"] == "mask-without-image"
    assert reasons["longitudinal/notes.txt"] == "unknown-kind"
    assert reasons["cross_sectional/consensus/patient02_consensus_gt.nii.gz"] == "mask-without-image"
    assert twins.validator_errors(tmp_path / "into") == []


def test_a_damaged_transform_leaves_the_raw_image_only(tmp_path: Path) -> None:
    source = twins.open_ms(tmp_path / "delivery")
    twins.write(source / "longitudinal/patient01/study1_FLAIR_to_common_space.txt", "Parameters: 1 2\n")
    report = run(source, tmp_path / "into")
    assert any("stays on its own grid only" in note for note in report.notes)
    assert twins.validator_errors(tmp_path / "into") == []


def test_a_table_that_is_no_table_stops_the_import(tmp_path: Path) -> None:
    source = twins.open_ms(tmp_path / "delivery")
    twins.write(source / "longitudinal/demographics.csv", "patient_id\nfirst\n")
    with pytest.raises(InvalidInput, match="not a table of patients"):
        run(source, tmp_path / "into")
    assert not any((tmp_path / "into").iterdir())


def published(root: Path) -> Path:
    """The twin in the folders of the public repository: raw beside co-registered, masks in both."""
    sample = twins.open_ms(root / "sample")
    source = root / "open_ms_data"
    shutil.copytree(sample / "longitudinal/patient01", source / "longitudinal/raw/patient01")
    raw, copy = (source / f"longitudinal/{folder}/patient01" for folder in ("raw", "coregistered"))
    copy.mkdir(parents=True)
    (raw / "common_space_brainmask.nii.gz").rename(copy / "brainmask.nii.gz")
    for name in ("gt.nii.gz", "study1_FLAIR_to_common_space.txt"):
        shutil.copy(raw / name, copy / name)
    twins.put(copy / "study1_FLAIR.nii.gz", twins.voxels(9).astype(np.uint16))
    shutil.copy(sample / "longitudinal/demographics.csv", source / "longitudinal/demographics.csv")
    crossing = source / "cross_sectional"
    shutil.copytree(sample / "cross_sectional/MNI", crossing / "MNI")
    for patient, prefix in (("patient19", ""), ("patient02", "patient02_")):
        for number, channel in enumerate(("FLAIR", "T1W", "T1WKS", "T2W")):
            twins.put(crossing / f"raw/{patient}/{channel}.nii.gz", twins.voxels(number).astype(np.int16))
        twins.put(crossing / f"raw/{patient}/{prefix}consensus_gt.nii.gz", twins.blob(1))
        copied = crossing / f"coregistered/{patient}"
        copied.mkdir(parents=True)
        shutil.copy(crossing / f"raw/{patient}/{prefix}consensus_gt.nii.gz", copied / "consensus_gt.nii.gz")
        twins.put(copied / "brainmask.nii.gz", twins.blob(1))
        twins.itk_affine(copied / "T1W_to_FLAIR.txt", (0, 0, 0))
    twins.write(crossing / "README.md", "About the images.")
    twins.write(source / "README.md", "The repository.")
    return source


def test_the_public_repository_gives_what_its_sample_gives_and_the_raw_images(tmp_path: Path) -> None:
    source = published(tmp_path)
    report = run(source, tmp_path / "into")
    run(tmp_path / "sample", tmp_path / "of_sample")
    mine, theirs = (twins.checksums(tmp_path / into) for into in ("into", "of_sample"))
    longitudinal = {path: checksum for path, checksum in theirs.items() if "sub-OMSL01" in path}
    assert longitudinal.items() <= mine.items()
    assert report.kept == {"subjects": 3, "sessions": 4, "images": 24, "masks": 0, "consensus": 4}
    assert twins.validator_errors(tmp_path / "into") == []
    why = {item.path: item.reason for item in report.refused}
    assert set(why.values()) == {"not-carried", "unknown-kind"}
    assert [path for path, reason in why.items() if reason == "unknown-kind"] == ["README.md"]
    assert [path for path in why if "coregistered" not in path] == ["README.md"]
    assert "Expected 50 subjects, found 3." in report.notes
    images = [path for path in twins.checksums(source) if path.endswith(".nii.gz")]
    accounted = {*why, *report.used}
    assert len(images) - len(accounted & set(images)) == len(list((tmp_path / "into").rglob("*.nii.gz"))) - 6


@pytest.mark.parametrize("patient", ["02", "19"])
def test_a_consensus_belongs_to_the_raw_flair_that_it_lies_beside(tmp_path: Path, patient: str) -> None:
    run(published(tmp_path), tmp_path / "into")
    stem = f"sub-OMSX{patient}/ses-01/anat/sub-OMSX{patient}_ses-01"
    mask = tmp_path / f"into/derivatives/consensus-mslesion/{stem}_space-FLAIR_label-L_desc-consensus_mask"
    assert json.loads(Path(f"{mask}.json").read_text())["Sources"] == [f"bids:raw:{stem}_FLAIR.nii.gz"]
    np.testing.assert_array_equal(twins.stored(Path(f"{mask}.nii.gz"))[0], twins.blob(1))
    contrast = twins.stored(tmp_path / f"into/{stem}_ce-gadolinium_T1w.nii.gz")[0]
    np.testing.assert_array_equal(contrast, twins.voxels(2).astype(np.int16))


def test_a_mask_that_differs_between_the_folders_is_named(tmp_path: Path) -> None:
    source = published(tmp_path)
    twins.put(source / "longitudinal/coregistered/patient01/gt.nii.gz", twins.blob(1, 1))
    report = run(source, tmp_path / "into")
    assert [item.reason for item in report.refused if item.path.endswith("patient01/gt.nii.gz")] == ["duplicate"]


def test_a_patient_without_a_number_is_named(tmp_path: Path) -> None:
    source = published(tmp_path)
    (source / "longitudinal/raw/patient01").rename(source / "longitudinal/raw/patientX")
    report = run(source, tmp_path / "into")
    named = {item.path for item in report.refused if item.detail == "Its patient has no number."}
    assert named == {
        path.relative_to(source).as_posix() for path in (source / "longitudinal/raw/patientX").rglob("*.*")
    }
