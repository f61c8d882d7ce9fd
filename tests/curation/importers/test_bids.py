"""Existing BIDS: clean files pass untouched, text goes, every refusal has its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.files.canonical import read_tsv, sha256_file

MANUAL = "derivatives/manual-ms"
IMAGE = "sub-01/ses-a/anat/sub-01_ses-a_FLAIR"
MASK = f"{MANUAL}/sub-01/ses-a/anat/sub-01_ses-a_space-FLAIR_label-L_desc-e01_mask"


def run(source: Path, into: Path) -> ImportReport:
    return stage(recipes.load("bids"), source, into)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return twins.bids(tmp_path / "delivery")


def test_a_tree_that_is_clean_passes_byte_by_byte(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "once")
    report = run(tmp_path / "once", tmp_path / "twice")
    assert twins.checksums(tmp_path / "twice") == twins.checksums(tmp_path / "once")
    assert report.refused == ()


def test_voxels_stay_and_people_are_described(source: Path, tmp_path: Path) -> None:
    into = tmp_path / "into"
    report = run(source, into)
    np.testing.assert_array_equal(twins.stored(into / f"{IMAGE}.nii.gz")[0], twins.voxels(0))
    people = {row["participant_id"]: row for row in read_tsv(into / "participants.tsv")}
    assert (people["sub-01"]["person_id"], people["sub-01"]["age"], people["sub-02"]["age"]) == ("P-01", "30", None)
    visits = read_tsv(into / "sub-01/sub-01_sessions.tsv")
    assert visits == [
        {"session_id": "ses-a", "days_from_baseline": "0", "site": "Centre A", "scanner": "Siemens Trio 3 T, Centre A"},
        {
            "session_id": "ses-b",
            "days_from_baseline": "60",
            "site": "Centre A",
            "scanner": "Siemens Trio 3 T, Centre A",
        },
    ]
    kept = json.loads((into / f"{IMAGE}.json").read_text())
    assert set(kept) == {"Manufacturer", "ManufacturersModelName", "MagneticFieldStrength", "InstitutionName"}
    assert "Sidecar fields left out: AcquisitionDateTime (4), PatientName (4)." in report.notes
    assert "Columns of participants.tsv left out: first_name." in report.notes
    assert not (into / "sourcedata").exists()


def test_checksums_in_sidecars_follow_the_cleaned_files(source: Path, tmp_path: Path) -> None:
    stated = {
        "SpatialReference": f"bids:raw:{IMAGE}.nii.gz",
        "Sources": [f"bids:raw:{IMAGE}.nii.gz"],
        "SourceSHA256": sha256_file(source / f"{IMAGE}.nii.gz"),
        "SHA256": sha256_file(source / f"{MASK}.nii.gz"),
        "RaterID": "e01",
    }
    twins.write_json(source / f"{MASK}.json", stated)
    into = tmp_path / "into"
    run(source, into)
    kept = json.loads((into / f"{MASK}.json").read_text())
    assert kept["SourceSHA256"] == sha256_file(into / f"{IMAGE}.nii.gz") != stated["SourceSHA256"]
    assert kept["SHA256"] == sha256_file(into / f"{MASK}.nii.gz") != stated["SHA256"]


def test_person_ids_of_the_delivery_are_kept(source: Path, tmp_path: Path) -> None:
    twins.write(source / "participants.tsv", "participant_id\tperson_id\nsub-01\tP-X\nsub-02\tP-X\n")
    run(source, tmp_path / "into")
    assert [row["person_id"] for row in read_tsv(tmp_path / "into/participants.tsv")] == ["P-X", "P-X"]


@pytest.mark.parametrize(
    ("stated", "kept"), [("1", "F"), ("male", "M"), ("F", "F"), ("n/a", None), ("other", "O"), ("X", None)]
)
def test_sexes_are_written_one_way_and_levels_of_a_delivery_bind_no_other(
    source: Path, tmp_path: Path, stated: str, kept: str | None
) -> None:
    twins.write(source / "participants.tsv", f"participant_id\tsex\thandedness\nsub-01\t{stated}\tR\n")
    levels = {"sex": {"Levels": {"1": "female", "2": "male"}}, "handedness": {"Levels": {"R": "right"}}}
    twins.write_json(source / "participants.json", levels)
    run(source, tmp_path / "into")
    assert read_tsv(tmp_path / "into/participants.tsv")[0]["sex"] == kept
    meaning = json.loads((tmp_path / "into/participants.json").read_text())
    assert "Levels" not in meaning["sex"]
    assert meaning["handedness"] == levels["handedness"]


def _folder_link(root: Path) -> None:
    (root / "sub-01/ses-a/loop").symlink_to(root)


def _dead_link(root: Path) -> None:
    path = root / f"{IMAGE}.nii.gz"
    path.unlink()
    path.symlink_to(".git/annex/objects/none")


BAD: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "no nifti": (
        lambda root: twins.write(root / f"{IMAGE}.nii.gz", "hello"),
        {f"{IMAGE}.nii.gz": "not-nifti", f"{IMAGE}.json": "image-refused", f"{MASK}.nii.gz": "no-image-for-mask"},
    ),
    "dead link": (_dead_link, {f"{IMAGE}.nii.gz": "not-fetched", f"{MASK}.nii.gz": "no-image-for-mask"}),
    "other grid": (
        lambda root: twins.put(root / f"{MASK}.nii.gz", twins.blob(1), 2 * twins.AFFINE),
        {f"{MASK}.nii.gz": "other-grid"},
    ),
    "label values": (
        lambda root: twins.put(root / f"{MASK}.nii.gz", twins.blob(1, 2)),
        {f"{MASK}.nii.gz": "label-values"},
    ),
    "unreadable json": (
        lambda root: (root / f"{IMAGE}.json").write_bytes(b'{"a": \xff'),
        {f"{IMAGE}.json": "unreadable-json"},
    ),
    "json that is no object": (
        lambda root: twins.write(root / f"{IMAGE}.json", "[1]"),
        {f"{IMAGE}.json": "unreadable-json"},
    ),
    "ragged table": (
        lambda root: twins.write(root / "participants.tsv", "participant_id\tage\nsub-01\n"),
        {"participants.tsv": "unreadable-tsv"},
    ),
    "a column twice": (
        lambda root: twins.write(root / "participants.tsv", "participant_id\tage\tage\nsub-01\t1\t1\n"),
        {"participants.tsv": "unreadable-tsv"},
    ),
    "invalid name": (
        lambda root: twins.put(root / "sub-01/ses-a/anat/sub-01_ses-a_FLAIR_lesion.nii.gz", twins.blob(1)),
        {"sub-01/ses-a/anat/sub-01_ses-a_FLAIR_lesion.nii.gz": "not-bids-name"},
    ),
    "a space and an accent": (
        lambda root: twins.put(root / "sub-01/ses-a/anat/sub-01_ses-a_acq-é x_T1w.nii.gz", twins.blob(1)),
        {"sub-01/ses-a/anat/sub-01_ses-a_acq-é x_T1w.nii.gz": "not-bids-name"},
    ),
    "a mask in the raw root": (
        lambda root: twins.put(root / "sub-01/ses-a/anat/sub-01_ses-a_label-L_mask.nii.gz", twins.blob(1)),
        {"sub-01/ses-a/anat/sub-01_ses-a_label-L_mask.nii.gz": "not-bids-name"},
    ),
    "a folder that links upwards": (_folder_link, {"sub-01/ses-a/loop": "not-bids-name"}),
    "both kinds of one image": (
        lambda root: twins.put(root / f"{IMAGE}.nii", twins.voxels(0)),
        {f"{IMAGE}.nii.gz": "duplicate"},
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_file_is_refused_with_its_reason_and_the_rest_comes_in(source: Path, tmp_path: Path, case: str) -> None:
    spoil, expected = BAD[case]
    spoil(source)
    report = run(source, tmp_path / "into")
    assert expected.items() <= {item.path: item.reason for item in report.refused}.items()
    assert report.kept["subjects"] == 2
    assert report.kept["images"] >= 3


def test_masks_stored_as_decimals_become_whole_numbers(source: Path, tmp_path: Path) -> None:
    twins.put(source / f"{MASK}.nii.gz", twins.blob(1).astype(np.float64))
    report = run(source, tmp_path / "into")
    data, dtype, _ = twins.stored(tmp_path / "into" / f"{MASK}.nii.gz")
    assert dtype == np.uint8
    np.testing.assert_array_equal(data, twins.blob(1))
    assert any("1 label map stored as decimals" in note for note in report.notes)


def test_label_maps_are_checked_against_their_table(source: Path, tmp_path: Path) -> None:
    stem = f"{MANUAL}/sub-01/ses-a/anat/sub-01_ses-a_space-FLAIR_seg-parts_desc-e01_dseg"
    twins.put(source / f"{stem}.nii.gz", twins.blob(1, 2))
    assert "label-values" in {item.reason for item in run(source, tmp_path / "without").refused}
    twins.write(source / MANUAL / "seg-parts_desc-e01_dseg.tsv", "index\tname\n1\tone\n2\ttwo\n")
    report = run(source, tmp_path / "with")
    assert report.kept["masks"] == 9
    assert twins.validator_errors(tmp_path / "with") == []


@pytest.mark.parametrize("columns", ["desc_id\trater_id", "desc_id\trater_id\tdescription", "rater_id\tdesc_id"])
def test_a_table_of_raters_in_another_spelling_is_valid_afterwards(source: Path, tmp_path: Path, columns: str) -> None:
    cells = [{"desc_id": desc, "rater_id": code} for desc, code in (("e01", "e01"), ("desc-e02", "e02"), ("n o", "x"))]
    rows = ["\t".join(row.get(column, "text") for column in columns.split("\t")) for row in cells]
    twins.write(source / MANUAL / "descriptions.tsv", "\n".join([columns, *rows, ""]))
    run(source, tmp_path / "into")
    found = read_tsv(tmp_path / "into" / MANUAL / "descriptions.tsv")
    assert [(row["desc_id"], row["rater_id"]) for row in found] == [("desc-e01", "e01"), ("desc-e02", "e02")]
    assert twins.validator_errors(tmp_path / "into") == []
