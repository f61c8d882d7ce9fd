"""Real scanners: what each series becomes, against a reference converter and against its own headers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from curation import recipes
from curation.dicom.convert import comparison
from curation.dicom.names import plan
from curation.dicom.pseudonyms import Pseudonyms
from curation.dicom.survey import DicomSettings, survey
from curation.importers import ImportReport, stage
from registry.files import volumes
from registry.files.geometry import corner_displacement_mm
from registry.privacy.scan import scan
from tests.support.cohorts.importer_twins import validator_errors

pytestmark = pytest.mark.realdata

SALT = Pseudonyms(b"a salt of thirty-two bytes length")
REFERENCES = {
    "nih_siemens": {"dir-AP": "EPI_PE=AP_3", "dir-PA": "EPI_PE=PA_4", "dir-RL": "EPI_PE=RL_5", "dir-LR": "EPI_PE=LR_6"},
    "nih_ge": {"bold": "DCM2NIIX_regression_test_4"},
}
Delivered = tuple[Path, Path, ImportReport]


def deliver(source: Path, work: Path) -> Delivered:
    """Import with the proposed plan; a person says that the unnamed task is `epi`."""
    base = recipes.load("dicom")
    options = {**base.options, "pseudonyms": SALT}
    seen = survey(replace(base, options=options), source, DicomSettings(SALT), lambda done, total, what: None)
    rows = [
        replace(row, keep=row.keep.replace("ask", "yes"), name=row.name.replace("task-unnamed", "task-epi"))
        for row in seen.rows.values()
    ]
    for stack in seen.stacks.values():
        assert stack.key not in seen.blocked
    plan.write(work / "plan.tsv", rows)
    report = stage(replace(base, options={**options, "plan": work / "plan.tsv"}), source, work / "into")
    return source, work / "into", report


@pytest.fixture(scope="module", params=[*REFERENCES, "brain_tumor_progression"])
def delivered(request: pytest.FixtureRequest, realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return deliver(realdata / "dicom" / request.param, tmp_path_factory.mktemp(request.param))


def test_the_official_validator_finds_no_error(delivered: Delivered) -> None:
    assert validator_errors(delivered[1]) == []


def test_nothing_written_names_a_person(delivered: Delivered) -> None:
    into = delivered[1]
    assert scan(into).findings == ()
    for path in (path for path in into.rglob("*") if path.suffix in (".json", ".tsv")):
        assert not [
            word
            for word in ("Albus", "PGBM", "Regression", "45160", "14519", "2018", "20200121")
            if word in path.read_text()
        ], path.name


def test_every_file_is_used_or_listed(delivered: Delivered) -> None:
    source, _, report = delivered
    every = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert sorted([*report.used, *(item.path for item in report.refused)]) == sorted(every)


def test_grids_are_those_of_the_headers_to_a_micrometre(delivered: Delivered) -> None:
    source, into, _ = delivered
    seen = survey(recipes.load("dicom"), source, DicomSettings(SALT), lambda done, total, what: None)
    by_key = {stack.series: stack for stack in seen.stacks.values()}
    images = sorted(into.rglob("*.nii.gz"))
    for path in images:
        sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
        assert comparison.displacement_mm(by_key[sidecar["SeriesInstanceUID"]].grid, volumes.load(path)) < 1e-3
    assert images


@pytest.mark.parametrize("folder", REFERENCES)
def test_images_are_those_of_the_reference_converter(folder: str, realdata: Path, tmp_path: Path) -> None:
    _, into, _ = deliver(realdata / "dicom" / folder, tmp_path)
    for part, reference in REFERENCES[folder].items():
        (path,) = into.rglob(f"*{part}*.nii.gz")
        expected = volumes.load(realdata / "dicom/nih_reference" / f"{reference}.nii")
        found = volumes.load(path)
        assert np.array_equal(found.data, expected.data)
        assert corner_displacement_mm(found.data.shape, found.affine_ras, expected.affine_ras) < 1e-3
        stated = json.loads((realdata / "dicom/nih_reference" / f"{reference}.json").read_text())
        sidecar = json.loads(path.with_name(path.name.replace(".nii.gz", ".json")).read_text())
        for key in ("EchoTime", "RepetitionTime", "FlipAngle", "MagneticFieldStrength", "PhaseEncodingDirection"):
            assert sidecar.get(key) == stated.get(key)


def test_a_registered_series_waits_for_a_person_who_is_told_why(realdata: Path) -> None:
    source = realdata / "dicom/brain_tumor_progression"
    seen = survey(recipes.load("dicom"), source, DicomSettings(SALT), lambda done, total, what: None)
    kept = {row.description: row.keep for row in seen.rows.values()}
    assert kept == {"HippoCrop": "no", "T1post": "yes", "T1pre_reg": "ask", "FLAIR_reg": "ask", "T2_reg": "ask"}
    assert all(("no raw image" in row.reason) is (row.keep == "ask") for row in seen.rows.values())


def test_brain_series_get_their_names(realdata: Path, tmp_path: Path) -> None:
    _, _, report = deliver(realdata / "dicom/brain_tumor_progression", tmp_path)
    endings = {path.name.partition("_ses-01_")[2] for path in (tmp_path / "into").rglob("*.nii.gz")}
    assert endings == {"ce-gadolinium_T1w.nii.gz", "T1w.nii.gz", "FLAIR.nii.gz", "T2w.nii.gz"}
    assert {item.reason for item in report.refused} == {"derived"}
    assert len(report.refused) == 40


def test_a_person_can_keep_the_small_crop_series(realdata: Path, tmp_path: Path) -> None:
    source, base = realdata / "dicom/brain_tumor_progression/11_HCropVolume", recipes.load("dicom")
    options = {**base.options, "pseudonyms": SALT}
    seen = survey(base, source, DicomSettings(SALT), lambda done, total, what: None)
    plan.write(
        tmp_path / "plan.tsv", [replace(row, keep="yes", name="anat/acq-crop_T1w") for row in seen.rows.values()]
    )
    report = stage(replace(base, options={**options, "plan": tmp_path / "plan.tsv"}), source, tmp_path / "into")
    assert report.kept["images"] == 1
    assert validator_errors(tmp_path / "into") == []
