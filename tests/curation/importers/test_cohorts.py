"""Every cohort's recipe on a generated twin of its layout: counts, valid BIDS, and the traps its recipe names."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation import recipes
from curation.importers import ImportReport, stage
from registry.files.canonical import read_tsv
from registry.publishing.table_merge import merge_tree
from tests.support.cohorts import importer_twins
from tests.support.cohorts.cohort_twins import TWINS, make

GENERIC = {"bids", "decathlon", "dicom"}
AT_HAND = {"gm-challenge", "msd-hippocampus", "open-ms", "spine-generic"}
Staged = Mapping[str, tuple[Path, ImportReport]]

pytestmark = pytest.mark.xdist_group("cohorts")


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """Each twin, staged on its own."""
    base = tmp_path_factory.mktemp("cohorts")
    found = {}
    for name, twin in TWINS.items():
        source = make(base / name / "delivery", twin)
        found[name] = (base / name / "into", stage(recipes.load(name), source, base / name / "into"))
    return found


def rows(staged: Staged, name: str, table: str = "participants.tsv") -> list[dict[str, Any]]:
    return [dict(row) for row in read_tsv(staged[name][0] / table)]


def column(staged: Staged, name: str, key: str) -> dict[str, Any]:
    return {row["participant_id"]: row[key] for row in rows(staged, name)}


def refused(staged: Staged, name: str) -> dict[str, str]:
    return {item.path: item.reason for item in staged[name][1].refused}


def sidecar(staged: Staged, name: str, pattern: str) -> dict[str, Any]:
    (path,) = staged[name][0].glob(pattern)
    told: dict[str, Any] = json.loads(path.read_text())
    return told


def test_every_recipe_of_a_cohort_has_a_twin_or_real_files() -> None:
    assert set(TWINS) | AT_HAND | GENERIC == set(recipes.known())


@pytest.mark.parametrize("name", sorted(TWINS))
def test_a_twin_gives_the_expected_counts_and_says_how_far_it_is_from_the_whole(staged: Staged, name: str) -> None:
    report = staged[name][1]
    assert tuple(report.kept.values()) == TWINS[name].kept
    wanted = recipes.load(name).expected["subjects"]
    assert f"Expected {wanted} subjects, found {report.kept['subjects']}." in report.notes


def test_all_cohorts_fit_into_one_registry_that_is_valid_bids(staged: Staged, tmp_path: Path) -> None:
    """One tree of all, so that the validator starts twice; it skips a derivative's `.bidsignore` when it recurses."""
    root = tmp_path / "all"
    root.mkdir()
    for name, (tree, _) in staged.items():
        merge_tree(Path(shutil.copytree(tree, tmp_path / name)), root)
        shutil.copytree(tmp_path / name, root, dirs_exist_ok=True)
    told = validate(root, "--recursive")
    below = {name.strip("/"): part for name, part in told["derivativesSummary"].items()}
    assert set(below) == {f"derivatives/{path.name}" for path in root.glob("derivatives/*")}
    below["derivatives/ct-lits"] = validate(root / "derivatives/ct-lits")
    assert [errors for part in [told, *below.values()] if (errors := errors_of(part))] == []


def validate(folder: Path, *more: str) -> Any:
    beside = Path(sys.executable).parent / "bids-validator-deno"
    program = str(beside) if beside.exists() else shutil.which("bids-validator-deno")
    assert program, "the BIDS validator belongs to the test dependencies"
    command = [program, str(folder), "--format", "json", "--max-rows", "-1", *more]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def errors_of(told: Any) -> list[tuple[str, str]]:
    issues = told["issues"]["issues"]
    return [(issue["code"], issue.get("location")) for issue in issues if issue["severity"] == "error"]


def test_scan_and_rescan_are_sessions_of_one_person(staged: Staged) -> None:
    assert column(staged, "kirby21", "person_id") == {
        "sub-KKI113": "P-KKI113",
        "sub-KKI849": "P-KKI849",
        "sub-KKI906": "P-KKI906",
    }
    visits = rows(staged, "kirby21", "sub-KKI849/sub-KKI849_sessions.tsv")
    assert [(row["session_id"], row["days_from_baseline"]) for row in visits] == [("ses-1", "0"), ("ses-2", None)]
    assert refused(staged, "kirby21")["KKI2009-42-MPRAGE.nii.gz"] == "not-listed"


def test_pairs_of_one_patient_are_its_sessions_and_each_mask_stays_on_its_own_image(staged: Staged) -> None:
    visits = rows(staged, "liver-pairs", "sub-LIVA/sub-LIVA_sessions.tsv")
    assert [row["session_id"] for row in visits] == ["ses-1", "ses-2"]
    masks = sorted(path.name for path in staged["liver-pairs"][0].rglob("sub-LIVA_ses-1_*_mask.nii.gz"))
    assert masks == [
        "sub-LIVA_ses-1_ce-gadolinium_space-T1w_label-liver_desc-e01_mask.nii.gz",
        "sub-LIVA_ses-1_space-T2w_label-liver_desc-e01_mask.nii.gz",
    ]
    assert "No T2w in 1 of 4 sessions: sub-LIVC/ses-9." in staged["liver-pairs"][1].notes


def test_sites_come_out_of_names(staged: Staged) -> None:
    sites = [
        rows(staged, "ixi", f"sub-IXI{number}/sub-IXI{number}_sessions.tsv")[0]["site"]
        for number in ("002", "012", "035")
    ]
    assert sites == ["Guy's Hospital, London", "Hammersmith Hospital, London", "Institute of Psychiatry, London"]
    assert rows(staged, "ofsep", "sub-OFSEP36x0007/sub-OFSEP36x0007_sessions.tsv")[0]["site"] == "OFSEP centre 36"
    assert rows(staged, "msseg-2016", "sub-MSSEG03001/sub-MSSEG03001_sessions.tsv")[0]["scanner"].startswith("GE")


def test_tables_give_age_sex_and_class_but_doubtful_rows_give_nothing(staged: Staged) -> None:
    assert column(staged, "ixi", "sex") == {"sub-IXI002": "F", "sub-IXI012": None, "sub-IXI035": None}
    assert column(staged, "ixi", "age")["sub-IXI002"] == "35.8"
    assert "Several rows that differ, so none is used: IXI_ID 12." in staged["ixi"][1].notes
    assert column(staged, "cord-7t", "class") == {"sub-CORDALS02": "ALS", "sub-CORDHC01": "HC"}
    assert column(staged, "cord-7t", "radiological_status") == {"sub-CORDALS02": None, "sub-CORDHC01": "normal"}
    assert column(staged, "cord-7t", "level") == {"sub-CORDALS02": "thoracic", "sub-CORDHC01": "cervical"}
    days = rows(staged, "ofsep", "sub-OFSEP01x0007/sub-OFSEP01x0007_sessions.tsv")
    assert [row["days_from_baseline"] for row in days] == ["0", "371"]


def test_label_4_of_older_editions_becomes_3_and_a_3_there_is_refused(staged: Staged) -> None:
    tree = staged["brats"][0]
    for patient, session in (("00002", "000"), ("00005", "001")):
        (mask,) = tree.glob(f"derivatives/manual-glioma/sub-BRATS{patient}/ses-{session}/anat/*_dseg.nii.gz")
        assert set(np.unique(importer_twins.stored(mask)[0])) == {0, 1, 2, 3}
    assert refused(staged, "brats") == {"BraTS2021_00003/BraTS2021_00003_seg.nii.gz": "label-values"}
    names = read_tsv(tree / "derivatives/manual-glioma/seg-glioma_desc-e01_dseg.tsv")
    assert [row["index"] for row in names] == ["1", "2", "3"]


def test_editions_that_number_alike_stay_apart(staged: Staged) -> None:
    assert set(column(staged, "brats", "class")) == {
        "sub-BRATS00002",
        "sub-BRATS00003",
        "sub-BRATS00005",
        "sub-BRATS20Training002",
    }


def test_initials_of_patients_are_left_out_and_raters_keep_their_codes(staged: Staged) -> None:
    tree, report = staged["msseg-2016"]
    assert not [path for path in tree.rglob("*") if "ABCD" in path.name or "EFGH" in path.name]
    raters = read_tsv(tree / "derivatives/manual-msseg/descriptions.tsv")
    assert [row["rater_id"] for row in raters] == [f"e0{number}" for number in range(1, 8)]
    assert "No PDw in 1 of 3 sessions: sub-MSSEG03001/ses-1." in report.notes


def test_one_cohort_in_two_preparations_has_the_same_persons(staged: Staged) -> None:
    raw, prepared = (set(column(staged, name, "person_id").values()) for name in ("msseg-2016", "ms-seg"))
    assert prepared < raw


def test_a_mask_of_change_names_both_dates_and_lies_on_the_second(staged: Staged) -> None:
    told = sidecar(staged, "msseg-2", "derivatives/manual-newlesions/sub-MSSEGB013/ses-02/anat/*desc-e01_mask.json")
    assert [source.partition("_space")[0] for source in told["Sources"]] == [
        f"bids:halfway-msseg2:sub-MSSEGB013/ses-{date}/anat/sub-MSSEGB013_ses-{date}" for date in ("01", "02")
    ]
    assert told["SpatialReference"] == told["Sources"][1]
    days = rows(staged, "msseg-2", "sub-MSSEGB013/sub-MSSEGB013_sessions.tsv")
    assert [row["days_from_baseline"] for row in days] == ["0", None]


def test_ct_is_never_called_by_the_name_of_an_mri_sequence(staged: Staged) -> None:
    tree = staged["lits"][0]
    assert {path.name.rpartition("_")[2] for path in tree.rglob("sub-*.nii.gz")} == {"CT.nii.gz", "dseg.nii.gz"}
    assert not list(tree.glob("sub-*/*/anat"))
    assert sidecar(staged, "lits", "derivatives/ct-lits/sub-LITS0/ses-1/anat/*_CT.json")["Modality"] == "CT"


def test_slices_are_chunks_with_two_raters_and_two_structures(staged: Staged) -> None:
    found = sorted(path.name for path in staged["cord-7t"][0].rglob("sub-CORDHC01_ses-1_*chunk-2_*_mask.nii.gz"))
    assert found == [
        f"sub-CORDHC01_ses-1_space-T2starw_chunk-2_label-{label}_desc-{rater}_mask.nii.gz"
        for label in ("GM", "cord")
        for rater in ("e01", "e02")
    ]


def test_sidecars_keep_the_allowed_fields_only(staged: Staged) -> None:
    told = sidecar(staged, "mpi-leipzig", "sub-MPI010001/ses-01/anat/*_T2w.json")
    assert told == {"Manufacturer": "Siemens", "MagneticFieldStrength": 3}
