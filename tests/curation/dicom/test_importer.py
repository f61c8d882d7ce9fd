"""From DICOM to BIDS: conversion, what is written, and what is never written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import RLELossless
from scipy.spatial.transform import Rotation

from curation.dicom.codes import Code
from curation.dicom.convert import comparison, conversion
from curation.dicom.convert.importer import without_paths
from curation.dicom.planning import make_plan
from curation.dicom.read.files import Unusable
from curation.dicom.survey import DicomSettings, survey
from curation.importers import ImportReport, stage
from registry.errors import InvalidInput
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
    assert not comparison.require_equal(tmp_path / "in", stack, image).doubt
    volume = volumes.load(image)
    moved = volume.affine_ras + np.array([[0, 0, 0, shift]] + [[0, 0, 0, 0]] * 3)
    (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(volume.data + value, moved))
    with pytest.raises(Unusable) as refusal:
        comparison.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")
    assert refusal.value.code is code


def test_a_wrong_value_in_any_slice_of_any_volume_is_seen(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series(volumes=2))
    stack, image = convert_one(tmp_path / "in", tmp_path / "work")
    volume = volumes.load(image)
    for k, t in np.ndindex(4, 2):
        data = volume.data.copy()
        data[2, 3, k, t] += 1
        (tmp_path / "wrong.nii.gz").write_bytes(volumes.encode(data, volume.affine_ras))
        with pytest.raises(Unusable, match="not the DICOM pixels"):
            comparison.require_equal(tmp_path / "in", stack, tmp_path / "wrong.nii.gz")


def import_all(folder: Path, **cells: str) -> ImportReport:
    """Import the delivery in `folder/in` by its plan, where a person said yes to everything."""
    make_plan(recipe(), folder / "in", folder / "plan.tsv", nothing)
    edited(folder / "plan.tsv", keep="yes", **cells)
    return stage(recipe(plan=folder / "plan.tsv"), folder / "in", folder / "into")


def the_image(folder: Path) -> Any:
    (path,) = (folder / "into").rglob("*.nii.gz")
    return nibabel.load(path)


@pytest.mark.parametrize(("written", "near_mm"), [("%.6g", 0.002), ("%.2f", 0.02), ("%.1f", 0.2)])
def test_an_oblique_series_of_rounded_positions_lies_where_its_first_and_last_slice_are(
    tmp_path: Path, written: str, near_mm: float
) -> None:
    turn = Rotation.from_euler("xyz", (17, -12, 5), degrees=True).as_matrix()
    cosines = tuple(float(f"{value:.6g}") for value in [*turn[:, 0], *turn[:, 1]])
    series = Series(depths=tuple(range(60)), cosines=cosines)
    places = [[float(written % value) for value in twins.position(series, index)] for index in range(60)]
    for file, place in zip(twins.write(tmp_path / "in", series), places, strict=True):
        twins.change(file, ImagePositionPatient=place)
    assert stage(recipe(), tmp_path / "in", tmp_path / "into").kept["images"] == 1
    image = the_image(tmp_path)
    corners = image.affine @ np.array([[0, 5, 0, 1], [0, 5, 59, 1]]).T  # dcm2niix stores the rows upwards
    assert np.allclose(sorted(corners[2]), sorted(place[2] for place in (places[0], places[-1])), atol=near_mm)
    for direction in (image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0),):
        assert np.allclose(direction.T @ direction, np.eye(3), atol=1e-5)  # a cuboid: ITK reads no other


@pytest.mark.parametrize("shift", [0.3, 0.6, -0.75, 1.0, 2.5])
def test_a_sheared_stack_comes_in_by_a_persons_word_with_its_shear(tmp_path: Path, shift: float) -> None:
    """Also where each slice is shifted by more than half a pixel, a whole one, or more."""
    for index, file in enumerate(twins.write(tmp_path / "in", Series())):
        place = twins.position(Series(), index)
        twins.change(file, ImagePositionPatient=[place[0], place[1] + shift * index, place[2]])
    report = import_all(tmp_path)
    affine, data = the_image(tmp_path).affine, the_image(tmp_path).get_fdata()
    assert np.allclose(affine[:3, 2], [0, -shift, 3], atol=1e-5)
    assert any("Kept by the plan though: Its slices are shifted" in note for note in report.notes)
    for index in range(data.shape[2]):  # every slice lies where its header says, its rows upwards as dcm2niix stores
        place = np.add(twins.position(Series(), index), (0, shift * index, 0))
        assert np.allclose(affine @ [0, data.shape[1] - 1, index, 1], [*(place * [-1, -1, 1]), 1], atol=1e-4)
        assert np.array_equal(data[:, ::-1, index].T, twins.pixels(Series(), index))


@pytest.mark.parametrize("turned", [5e-5, 2e-4, 9e-4])
def test_directions_that_differ_by_rounding_are_one_image(tmp_path: Path, turned: float) -> None:
    """dcm2niix alone makes an image of each slice from a difference of 0.0001 on."""
    for index, file in enumerate(twins.write(tmp_path / "in", Series())):
        twins.change(file, ImageOrientationPatient=[1, turned * (index % 2), 0, -turned * (index % 2), 1, 0])
    report = stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert report.kept["images"] == 1
    affine, data = the_image(tmp_path).affine, the_image(tmp_path).get_fdata()
    for index in range(data.shape[2]):
        place = twins.position(Series(), index) * np.array([-1, -1, 1])
        assert np.allclose(affine @ [0, data.shape[1] - 1, index, 1], [*place, 1], atol=0.02)
        assert np.array_equal(data[:, ::-1, index].T, twins.pixels(Series(), index))


@pytest.mark.parametrize("lacking", ["RescaleSlope", "RescaleIntercept"])
def test_a_lacking_slope_or_intercept_comes_in_by_a_persons_word_only(tmp_path: Path, lacking: str) -> None:
    files = twins.write(tmp_path / "in", Series(), RescaleSlope=2.5, RescaleIntercept=100)
    twins.change(files[2], **{lacking: None})
    report = import_all(tmp_path)
    what = lacking.removeprefix("Rescale").lower()
    assert any(f"1 of 4 files state no {what}" in note for note in report.notes)


def test_a_lacking_intercept_of_zero_says_nothing(tmp_path: Path) -> None:
    files = twins.write(tmp_path / "in", Series(), RescaleSlope=2.5, RescaleIntercept=0)
    twins.change(files[2], RescaleIntercept=None)
    assert not any("state no" in note for note in import_all(tmp_path).notes)


@pytest.mark.parametrize("slopes", [(1.5, 1.5, 3.0, 1.5), (1, 1.25, 1.5, 1.75)])
def test_slopes_that_differ_from_slice_to_slice_are_applied(tmp_path: Path, slopes: tuple[float, ...]) -> None:
    for file, slope in zip(twins.write(tmp_path / "in", Series()), slopes, strict=True):
        twins.change(file, RescaleSlope=slope, RescaleIntercept=0)
    assert stage(recipe(), tmp_path / "in", tmp_path / "into").kept["images"] == 1
    data = the_image(tmp_path).get_fdata()
    for index, slope in enumerate(slopes):
        assert np.allclose(data[:, :, index].max(), twins.pixels(Series(), index).max() * slope, rtol=1e-5)


def compress(file: Path) -> None:
    dataset = pydicom.dcmread(file)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(file)


def spoil(file: Path) -> None:
    """The second half of the compressed pixels is lost; every length stays right."""
    compress(file)
    data = file.read_bytes()
    half = (len(pydicom.dcmread(file).PixelData) - 8) // 2
    file.write_bytes(data[: -8 - half] + b"\x80" * half + data[-8:])


def behead(file: Path) -> None:
    """Without preamble and file meta information, as old archives store."""
    dataset = pydicom.dcmread(file)
    pydicom.dcmwrite(file, pydicom.Dataset(dataset), implicit_vr=True, little_endian=True)


@pytest.mark.parametrize(("damage", "reasons"), [(compress, set()), (behead, set()), (spoil, {"pixels-damaged"})])
def test_pixels_are_compared_whatever_they_are_stored_in_and_damage_is_damage(
    tmp_path: Path, damage: Callable[[Path], None], reasons: set[str]
) -> None:
    for file in twins.write(tmp_path / "in", Series()):
        damage(file)
    report = stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert {item.reason for item in report.refused} == reasons
    assert report.kept["images"] == (0 if reasons else 1)
    assert not [note for note in report.notes if "compared" in note]


def test_pixels_that_nothing_here_decodes_are_a_question_and_the_report_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in twins.write(tmp_path / "in", Series()):
        compress(file)
    monkeypatch.setattr("curation.dicom.read.files._is_decodable", lambda dataset: False)
    with pytest.raises(InvalidInput, match="No decoder for its compressed pixels"):
        stage(recipe(), tmp_path / "in", tmp_path / "none")
    report = import_all(tmp_path)
    assert any("NOT compared" in note for note in report.notes)


@pytest.mark.parametrize(
    ("volumes_in", "name", "message"),
    [(3, "anat/T1w", "A T1w image is one volume, this one holds 3."), (1, "func/task-x_bold", "has four axes")],
)
def test_what_the_validator_would_refuse_stays_outside(
    tmp_path: Path, volumes_in: int, name: str, message: str
) -> None:
    twins.write(tmp_path / "in", Series(volumes=volumes_in))
    report = import_all(tmp_path, name=name)
    assert {item.reason for item in report.refused} == {"not-as-named"}
    assert all(message in item.detail for item in report.refused)


def test_a_trace_volume_of_a_diffusion_series_is_left_out_and_named(tmp_path: Path) -> None:
    """Philips files the trace under the series; dcm2niix parts it as `_ADC`."""
    series = Series("dwi", volumes=4, more={"Manufacturer": "Philips Medical Systems", "EchoTime": 80})
    (tmp_path / "in").mkdir()
    directions = [[0.0, 0, 0], [1.0, 0, 0], [0, 1.0, 0], None]
    for volume, direction in enumerate(directions):
        for index in range(len(series.depths)):
            dataset = twins.instance(series, index, volume)
            dataset.add_new(0x20010010, "LO", "Philips Imaging DD 001")
            dataset.add_new(0x20011003, "FL", 1000.0 if volume else 0.0)
            dataset.add_new(0x20011004, "CS", "I" if direction is None else "O")
            dataset.DiffusionBValue = 1000.0 if volume else 0.0
            dataset.DiffusionGradientOrientation = direction or [0.0, 0.0, 0.0]
            dataset.TemporalPositionIdentifier = 1
            twins.save(dataset, tmp_path / f"in/{volume}-{index}")
    report = import_all(tmp_path)
    assert report.kept["images"] == 1
    assert the_image(tmp_path).shape[3] == 3
    assert any("1 volume that the scanner computed (trace or ADC) is left out" in note for note in report.notes)
    assert validator_errors(tmp_path / "into") == []


def test_a_series_that_stays_outside_is_one_line_of_every_report(tmp_path: Path) -> None:
    twins.write(tmp_path / "in/locals", Series("localizer", depths=tuple(range(30))))
    twins.write(tmp_path / "in/t1", Series(number=2))
    report = stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert len(report.refused) == 30  # every file is accounted for
    (line,) = [line for line in report.text().splitlines() if "locals" in line]
    assert line.strip() == "locals/: It is a localiser or a calibration scan. (30 files)"
    (tracked,) = without_paths(report, lambda path: SALT.of("path", path)).refused
    assert (tracked.path[:7], tracked.detail[-10:]) == ("folder-", "(30 files)")
    assert "locals" not in str(tracked)


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
