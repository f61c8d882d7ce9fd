"""Nearly valid BIDS: hidden sessions, wrong suffixes and masks under the endings people use."""

from __future__ import annotations

from pathlib import Path

import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import stage
from curation.importers.near_bids import subject_and_session, translate
from registry.files.canonical import read_tsv


def test_two_labels_of_one_person_become_two_sessions(tmp_path: Path) -> None:
    stage(recipes.load("gm-challenge"), twins.near_bids(tmp_path / "delivery"), tmp_path / "into")
    people = read_tsv(tmp_path / "into/participants.tsv")
    assert [(row["participant_id"], row["person_id"], row["age"]) for row in people] == [("sub-9", "P-9", "26")]
    visits = read_tsv(tmp_path / "into/sub-9/sub-9_sessions.tsv")
    assert [(row["session_id"], row["site"]) for row in visits] == [("ses-1", "CEITEC"), ("ses-2", "BRNO")]


def test_masks_get_valid_names(tmp_path: Path) -> None:
    stage(recipes.load("gm-challenge"), twins.near_bids(tmp_path / "delivery"), tmp_path / "into")
    folder = tmp_path / "into/derivatives/manual-cordgm/sub-9/ses-2/anat"
    assert sorted(path.name for path in folder.glob("*.nii.gz")) == [
        "sub-9_ses-2_run-1_space-T2starw_label-GM_desc-e01_mask.nii.gz",
        "sub-9_ses-2_run-1_space-T2starw_label-cord_desc-e01_mask.nii.gz",
    ]


@pytest.mark.parametrize(
    ("label", "expected"),
    [("10062Ses1", ("10062", "1")), ("10062Ses12", ("10062", "12")), ("9418", ("9418", "1")), ("Ses1", ("Ses1", "1"))],
)
def test_sessions_are_read_out_of_labels(label: str, expected: tuple[str, str]) -> None:
    assert subject_and_session(recipes.load("gm-challenge"), label) == expected


def test_suffixes_are_set_right() -> None:
    item = translate(recipes.load("spine-generic"), "sub-unf01/anat/sub-unf01_T2star.nii.gz")
    assert item.target == "sub-unf01/ses-1/anat/sub-unf01_ses-1_T2starw.nii.gz"


def test_dummies_are_refused_with_the_recipe_s_reason(tmp_path: Path) -> None:
    source = tmp_path / "delivery"
    twins.put(source / "sub-x/anat/sub-x_T1w.nii.gz", twins.voxels(1))
    labels = source / "derivatives/labels/sub-x/anat"
    for ending in ("lesion-manual", "labels-disc-manual"):
        twins.put(labels / f"sub-x_T1w_{ending}.nii.gz", twins.blob(1))
    twins.put(labels / "sub-x_T2w_seg-manual.nii.gz", twins.blob(1))
    report = stage(recipes.load("spine-generic"), source, tmp_path / "into")
    assert [item.reason for item in report.refused] == ["not-carried", "placeholder", "no-image-for-mask"]
