"""From DICOM to BIDS: conversion, what is written, and what is never written."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.dicom.codes import Code
from curation.dicom.convert import comparison, conversion
from curation.dicom.planning import make_plan
from curation.dicom.read.files import Unusable
from curation.dicom.survey import DicomSettings, survey
from curation.importers import ImportReport, stage
from registry.files import volumes
from registry.files.canonical import read_tsv
from registry.privacy.scan import scan
from tests.support.cohorts.importer_twins import validator_errors
from tests.support.dicom import twins
from tests.support.dicom.importing import SALT, SECRETS, edited, nothing, recipe
from tests.support.dicom.twins import Series


def delivery(root: Path) -> Path:
    """Two visits of one person: T1 before and after contrast, FLAIR, a time series, a localiser, a note."""
    flair = {"EchoTime": 90, "RepetitionTime": 9000, "InversionTime": 2500}
    agent = {"ContrastBolusAgent": "Gadovist"}
    folder = root / f"{twins.NAME}_{twins.DATE}"
    twins.write(folder / "1", Series("T1 pre", number=1))
    twins.write(folder / "2", Series("T1 post", number=2, more=agent))
    twins.write(folder / "3", Series("FLAIR", number=3, more=flair, cosines=twins.SAGITTAL))
    twins.write(folder / "4", Series("rest bold", number=4, volumes=3, more={"EchoTime": 30, "RepetitionTime": 2000}))
    twins.write(folder / "5", Series("localizer", number=5))
    twins.write(root / "later", Series("FLAIR", number=6, more=flair, date="20010310"))
    (root / "notes.txt").write_text("no DICOM")
    return root


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ImportReport]:
    source, into = delivery(tmp_path_factory.mktemp("source")), tmp_path_factory.mktemp("into")
    return source, into, stage(recipe(), source, into)


Imported = tuple[Path, Path, ImportReport]


def test_each_series_has_its_bids_name(imported: Imported) -> None:
    names = {
        re.sub(r"sub-[0-9A-F]{10}", "sub-X", path.relative_to(imported[1]).as_posix())
        for path in imported[1].rglob("*.nii.gz")
    }
    assert names == {
        "sub-X/ses-01/anat/sub-X_ses-01_T1w.nii.gz",
        "sub-X/ses-01/anat/sub-X_ses-01_ce-gadolinium_T1w.nii.gz",
        "sub-X/ses-01/anat/sub-X_ses-01_FLAIR.nii.gz",
        "sub-X/ses-01/func/sub-X_ses-01_task-rest_bold.nii.gz",
        "sub-X/ses-02/anat/sub-X_ses-02_FLAIR.nii.gz",
    }


def test_the_official_validator_finds_no_error(imported: Imported) -> None:
    assert validator_errors(imported[1]) == []


def test_every_file_is_used_or_listed(imported: Imported) -> None:
    source, _, report = imported
    every = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    listed = [*report.used, *(item.path for item in report.refused)]
    assert sorted(listed) == sorted(every)
    assert {item.reason for item in report.refused} == {"left-out-by-rule", "not-dicom"}


def test_nothing_written_names_a_person(imported: Imported) -> None:
    assert scan(imported[1]).findings == ()
    for path in imported[1].rglob("*"):
        text = str(path.relative_to(imported[1])) + (path.read_text() if path.suffix in (".json", ".tsv") else "")
        assert not [word for word in SECRETS if word in text], path.name


def test_sidecars_hold_salted_keys_of_series_and_study(imported: Imported) -> None:
    (path,) = imported[1].glob("sub-*/ses-01/anat/*ses-01_T1w.json")
    fields = json.loads(path.read_text())
    assert fields["SeriesInstanceUID"] == SALT.of("series", Series("T1 pre").uid)
    assert fields["StudyInstanceUID"] == SALT.of("study", Series().study_uid)
    assert (fields["EchoTime"], fields["MagneticFieldStrength"]) == (0.01, 3)


def test_sessions_hold_offsets_and_the_scanner(imported: Imported) -> None:
    (path,) = imported[1].glob("sub-*/sub-*_sessions.tsv")
    rows = read_tsv(path)
    assert [(row["session_id"], row["days_from_baseline"], row["site"]) for row in rows] == [
        ("ses-01", "0", "Centre A"),
        ("ses-02", "35", "Centre A"),
    ]
    assert rows[0]["scanner"] == "Siemens Invented 3 T, Centre A"
    (person,) = read_tsv(imported[1] / "participants.tsv")
    assert (person["age"], person["sex"]) == ("41", "F")


def test_voxels_are_the_pixels_that_were_written(imported: Imported) -> None:
    """An oracle beside the importer's own: the pixels this test generated, found by their place in the patient."""
    (path,) = imported[1].glob("sub-*/ses-01/anat/*ses-01_FLAIR.nii.gz")
    volume, series = volumes.load(path), Series(number=3, cosines=twins.SAGITTAL)
    inverse = np.linalg.inv(volume.affine_ras)
    x, y = np.array(series.cosines[:3]), np.array(series.cosines[3:])
    for index in range(4):
        values = twins.pixels(series, index)
        for row, column in ((0, 0), (5, 7), (2, 3)):
            lps = np.array(twins.position(series, index)) + x * series.spacing[1] * column + y * series.spacing[0] * row
            i, j, k = np.rint(inverse @ [-lps[0], -lps[1], lps[2], 1]).astype(int)[:3]
            assert volume.data[i, j, k] == values[row, column]


def test_one_salt_gives_one_result(imported: Imported, tmp_path: Path) -> None:
    again = stage(recipe(), imported[0], tmp_path / "again")
    assert again == imported[2]
    assert contents(tmp_path / "again") == contents(imported[1])


def contents(root: Path) -> dict[Path, bytes]:
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_an_enhanced_multi_frame_file_is_converted(tmp_path: Path) -> None:
    twins.enhanced(tmp_path / "in/one", Series())
    report = stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert report.kept["images"] == 1


def convert_one(source: Path, work: Path) -> tuple[Any, Path]:
    seen = survey(recipe(), source, DicomSettings(SALT), nothing)
    (stack,) = seen.stacks.values()
    work.mkdir()
    return stack, conversion.convert([source / path for path in stack.paths], work).image


@pytest.mark.parametrize(("shift", "value", "code"), [(0.5, 0, Code.GEOMETRY_DISAGREES), (0, 1, Code.VOXELS_DISAGREE)])
def test_a_conversion_that_differs_is_refused(tmp_path: Path, shift: float, value: int, code: Code) -> None:
    twins.write(tmp_path / "in", Series())
    stack, image = convert_one(tmp_path / "in", tmp_path / "work")
    assert comparison.require_equal(tmp_path / "in", stack, image) is None
    volume = volumes.load(image)
    moved = volume.affine_ras + np.array([[0, 0, 0, shift]] + [[0, 0, 0, 0]] * 3)
    (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(volume.data + value, moved))
    with pytest.raises(Unusable) as refusal:
        comparison.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")
    assert refusal.value.code is code


def test_a_mirrored_conversion_is_refused(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    stack, image = convert_one(tmp_path / "in", tmp_path / "work")
    volume = volumes.load(image)
    (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(volume.data[::-1], volume.affine_ras))
    with pytest.raises(Unusable, match="not the DICOM pixels"):
        comparison.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")


def test_many_headers_are_read_by_all_cores_with_the_same_result(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("rest bold", depths=tuple(range(0, 90, 3)), volumes=9), EchoTime=30)
    seen = survey(recipe(), tmp_path / "in", DicomSettings(SALT), nothing)
    (row,) = seen.rows.values()
    assert (row.files, row.volumes, row.keep) == ("270", "9", "yes")


def test_diffusion_images_bring_their_gradient_tables(tmp_path: Path) -> None:
    directions = [[0.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]
    series = Series("ep2d diff", volumes=4, more={"EchoTime": 80, "RepetitionTime": 5000, "ScanningSequence": "EP"})
    (tmp_path / "in").mkdir()
    for volume, direction in enumerate(directions):
        for index in range(len(series.depths)):
            dataset = twins.instance(series, index, volume)
            dataset.DiffusionBValue = 1000.0 if volume else 0.0
            dataset.DiffusionGradientOrientation = direction
            twins.save(dataset, tmp_path / f"in/{volume}-{index}")
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes")
    stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    (table,) = (tmp_path / "into").rglob("*_dwi.bval")
    assert table.read_text().split() == ["0", "1000", "1000", "1000"]
    assert validator_errors(tmp_path / "into") == []
