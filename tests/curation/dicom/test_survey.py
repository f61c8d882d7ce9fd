"""The table of bad input: what is found in a folder of DICOM files, and that every file is accounted for."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from curation.dicom.codes import Code
from curation.dicom.survey import Survey
from registry.errors import InvalidInput
from tests.support.dicom import twins
from tests.support.dicom.surveying import codes, look, only
from tests.support.dicom.twins import Series


def outside(seen: Survey) -> dict[str, Code]:
    return {path: code for path, code, _ in seen.outside}


def test_a_plain_series_needs_no_decision(tmp_path: Path) -> None:
    twins.write(tmp_path / "deep" / "er", Series())
    seen = look(tmp_path)
    row = seen.rows[only(seen)]
    assert (row.keep, row.name, row.shape, row.spacing_mm, row.plane) == (
        "yes",
        "anat/T1w",
        "8 x 6 x 4",
        "1.25 x 1.5 x 3",
        "ax",
    )
    assert not seen.findings[row.series]


def truncate(folder: Path) -> None:
    file = folder / "01-00-000"
    file.write_bytes(file.read_bytes()[:-20])


def cut_header(folder: Path) -> None:
    file = folder / "01-00-000"
    file.write_bytes(file.read_bytes()[:400])


def add_text(folder: Path) -> None:
    (folder / "notes.txt").write_text("no DICOM")
    (folder / "empty").write_bytes(b"")


FILES: list[tuple[str, Callable[[Path], object], set[Code]]] = [
    ("text and empty files", add_text, {Code.NOT_DICOM}),
    ("DICOMDIR", lambda f: shutil.copy(f / "01-00-000", f / "DICOMDIR"), {Code.DICOMDIR}),
    ("cut short in the pixels", truncate, {Code.TRUNCATED}),
    ("cut short in the header", cut_header, {Code.INCOMPLETE_HEADER}),
    ("no pixel data", lambda f: twins.change(f / "01-00-000", PixelData=None), {Code.NO_PIXEL_DATA}),
    ("no place in the patient", lambda f: twins.change(f / "01-00-000", ImagePositionPatient=None), {Code.NO_POSITION}),
    ("no rotation", lambda f: twins.change(f / "01-00-000", ImageOrientationPatient=[1, 0, 0] * 2), {Code.NO_POSITION}),
    ("no image", lambda f: twins.change(f / "01-00-000", Rows=None), {Code.NOT_AN_IMAGE}),
    ("CT", lambda f: twins.change(f / "01-00-000", Modality="CT"), {Code.OTHER_MODALITY}),
    ("screen shot", lambda f: twins.change(f / "01-00-000", SOPClassUID=twins.CAPTURE), {Code.SECONDARY_CAPTURE}),
    ("dead link", lambda f: (f / "gone").symlink_to(f / "nowhere"), {Code.NOT_FETCHED}),
    ("a pipe", lambda f: os.mkfifo(f / "pipe"), {Code.NO_FILE}),
    ("a link to a folder", lambda f: (f / "linked").symlink_to(f), {Code.NO_FILE}),
    ("a copy", lambda f: shutil.copy(f / "01-00-002", f / "copy"), {Code.DUPLICATED_INSTANCE}),
]


@pytest.mark.parametrize(
    ("damage", "expected"), [(damage, expected) for _, damage, expected in FILES], ids=[name for name, _, _ in FILES]
)
def test_a_file_that_is_no_slice_is_listed_with_its_reason(
    tmp_path: Path, damage: Callable[[Path], object], expected: set[Code]
) -> None:
    twins.write(tmp_path, Series())
    damage(tmp_path)
    seen = look(tmp_path)
    assert set(outside(seen).values()) == expected
    in_stacks = [path for stack in seen.stacks.values() for path in stack.paths]
    every = sorted(path.name for path in tmp_path.iterdir())
    assert sorted([*in_stacks, *outside(seen)]) == every


def test_a_name_that_is_no_text_is_read_as_any_other(tmp_path: Path) -> None:
    twins.write(tmp_path, Series())
    (tmp_path / "01-00-000").rename(os.fsdecode(os.fsencode(tmp_path) + b"/Gr\xf6\xdfe"))
    (tmp_path / os.fsdecode(b"Gr\xfc\xdfe")).write_text("no DICOM")
    seen = look(tmp_path)
    assert "Gr\udcf6\udcdfe" in seen.stacks[only(seen)].paths
    assert outside(seen) == {r"Gr\udcfc\udcdfe": Code.NOT_DICOM}


def write_sheared(folder: Path) -> None:
    for index, file in enumerate(twins.write(folder, Series())):
        place = twins.position(Series(), index)
        twins.change(file, ImagePositionPatient=[place[0], place[1] + 0.6 * index, place[2]])


def write_unscaled(folder: Path) -> None:
    files = twins.write(folder, Series(), RescaleSlope=2.5, RescaleIntercept=0)
    twins.change(files[2], RescaleSlope=None, RescaleIntercept=None)


def write_slopes(folder: Path) -> None:
    path = twins.enhanced(folder / "one", Series())
    dataset = pydicom.dcmread(path)
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        scale = pydicom.Dataset()
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = 1 + number, 0, "US"
        group.PixelValueTransformationSequence = [scale]
    dataset.save_as(path)


def write_parts(folder: Path) -> None:
    path = twins.enhanced(folder / "one", Series())
    dataset = pydicom.dcmread(path)
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        described = pydicom.Dataset()
        described.FrameType = ["ORIGINAL", "PRIMARY", "P" if number % 2 else "M", "NONE"]
        group.MRImageFrameTypeSequence = [described]
    dataset.save_as(path)


SERIES: list[tuple[str, Callable[[Path], object], Code, str]] = [
    ("missing slices", lambda f: twins.write(f, Series(depths=(0, 3, 6, 12, 15))), Code.MISSING_SLICES, "no"),
    ("uneven slices", lambda f: twins.write(f, Series(depths=(0, 3, 6, 10.1, 13))), Code.IRREGULAR_SPACING, "no"),
    ("one slice", lambda f: twins.write(f, Series(depths=(0,))), Code.SINGLE_SLICE, "no"),
    ("burned-in text", lambda f: twins.write(f, Series(), BurnedInAnnotation="YES"), Code.BURNED_IN, "no"),
    ("derived", lambda f: twins.write(f, Series(), ImageType=["DERIVED", "PRIMARY"]), Code.DERIVED, "no"),
    ("localiser", lambda f: twins.write(f, Series("Localizer")), Code.LEFT_OUT_BY_RULE, "no"),
    ("enhanced", lambda f: twins.enhanced(f / "one", Series()), Code.ENHANCED_MULTIFRAME, "yes"),
    ("mixed in one file", lambda f: twins.enhanced(f / "one", Series(), mixed=True), Code.MIXED_IN_ONE_FILE, "no"),
    ("more acquired", lambda f: twins.write(f, Series(), ImagesInAcquisition=9), Code.FEWER_THAN_ACQUIRED, "ask"),
    ("no date", lambda f: twins.write(f, Series(), StudyDate=""), Code.NO_STUDY_DATE, "yes"),
    ("nobody", lambda f: twins.write(f, Series(), PatientID="", PatientName=""), Code.PATIENT_UNKNOWN, "ask"),
    ("sheared", write_sheared, Code.TILTED, "ask"),
    ("a lacking slope", write_unscaled, Code.RESCALE_CONTRADICTS, "ask"),
    ("slopes of frames", write_slopes, Code.RESCALE_CONTRADICTS, "ask"),
    ("magnitude and phase", write_parts, Code.MIXED_IN_ONE_FILE, "no"),
    ("a dynamic T1w", lambda f: twins.write(f, Series(volumes=3)), Code.SEVERAL_VOLUMES, "ask"),
    ("no rule", lambda f: twins.write(f, Series("xyz"), EchoTime=50), Code.NO_RULE, "ask"),
    ("odd parameters", lambda f: twins.write(f, Series("T1", more=twins.T2)), Code.UNSURE_NAME, "ask"),
]


@pytest.mark.parametrize(("make", "code", "keep"), [row[1:] for row in SERIES], ids=[row[0] for row in SERIES])
def test_what_speaks_against_a_series_decides_its_row(
    tmp_path: Path, make: Callable[[Path], object], code: Code, keep: str
) -> None:
    make(tmp_path)
    seen = look(tmp_path)
    row = seen.rows[only(seen)]
    assert code.value in {item.code for item in seen.findings[row.series]}
    assert row.keep == keep
    assert code.value in row.findings


def test_a_missing_volume_slice_is_found(tmp_path: Path) -> None:
    files = twins.write(tmp_path, Series("rest fMRI", volumes=3))
    files[5].unlink()
    assert Code.INCOMPLETE_VOLUMES in codes(look(tmp_path))


def test_a_time_series_is_one_image_of_several_volumes(tmp_path: Path) -> None:
    twins.write(tmp_path, Series("rest bold", volumes=3), EchoTime=30)
    seen = look(tmp_path)
    row = seen.rows[only(seen)]
    assert (row.volumes, row.files, row.name, row.keep) == ("3", "12", "func/task-rest_bold", "yes")


def test_orientations_of_one_series_are_parted(tmp_path: Path) -> None:
    for cosines in (twins.AXIAL, twins.SAGITTAL, twins.CORONAL):
        twins.write(tmp_path / str(cosines), Series("survey", cosines=cosines))
        for index, file in enumerate(sorted((tmp_path / str(cosines)).iterdir())):
            twins.change(file, SOPInstanceUID=f"1.2.3.{len(str(cosines))}.{abs(hash(cosines)) % 9999}.{index}")
    seen = look(tmp_path)
    assert {row.plane for row in seen.rows.values()} == {"ax", "sag", "cor"}
    assert codes(seen) >= {Code.MIXED_ORIENTATIONS, Code.LEFT_OUT_BY_RULE}
    assert sorted(len(stack.paths) for stack in seen.stacks.values()) == [4, 4, 4]


def test_a_copy_under_new_uids_is_a_copy_too(tmp_path: Path) -> None:
    file = twins.write(tmp_path, Series())[1]
    shutil.copy(file, tmp_path / "resent")
    twins.change(tmp_path / "resent", SOPInstanceUID="1.2.3.4.5.6.7")
    seen = look(tmp_path)
    assert outside(seen) == {"resent": Code.DUPLICATED_INSTANCE}
    assert seen.rows[only(seen)].keep == "yes"


def test_two_versions_of_one_instance_block_the_series(tmp_path: Path) -> None:
    file = twins.write(tmp_path, Series())[1]
    shutil.copy(file, tmp_path / "other")
    twins.change(tmp_path / "other", PixelData=bytes(6 * 8 * 2))
    seen = look(tmp_path)
    assert Code.CONFLICTING_INSTANCES in codes(seen)
    assert only(seen) in seen.blocked


def test_a_folder_without_mr_says_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM")
    with pytest.raises(InvalidInput, match="holds no MR image: 1 file is not DICOM\\."):
        look(tmp_path)


def test_equal_names_in_a_session_are_told_apart_by_plane_then_by_run(tmp_path: Path) -> None:
    for number, cosines in enumerate((twins.AXIAL, twins.SAGITTAL, twins.SAGITTAL), start=1):
        twins.write(tmp_path / str(number), Series(cosines=cosines, number=number))
    names = {row.name for row in look(tmp_path).rows.values()}
    assert names == {"anat/acq-ax_T1w", "anat/acq-sag_run-1_T1w", "anat/acq-sag_run-2_T1w"}


def test_echoes_of_a_gradient_echo_series_become_megre(tmp_path: Path) -> None:
    for number, echo in enumerate((7, 14)):
        shifted = Series("T2* gre", depths=(0.0, 3.0, 6.0))
        for index, file in enumerate(twins.write(tmp_path / str(echo), shifted, EchoTime=echo)):
            twins.change(file, SOPInstanceUID=f"1.2.3.{number}.{index}")
    names = {row.name for row in look(tmp_path).rows.values()}
    assert names == {"anat/echo-1_MEGRE", "anat/echo-2_MEGRE"}


@pytest.mark.filterwarnings("error")
def test_damaged_headers_are_listed_without_a_word_into_logs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes are changed at random places: any answer is fine but an error of another kind, or a value in a log."""
    data = twins.write(tmp_path, Series())[0].read_bytes()
    rng = random.Random(1)
    for number in range(150):
        damaged = bytearray(data[: rng.randrange(len(data))] if number % 3 == 0 else data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        (tmp_path / f"damaged{number}").write_bytes(bytes(damaged))
    seen = look(tmp_path)
    used = [path for stack in seen.stacks.values() for path in stack.paths]
    assert sorted([*used, *outside(seen)]) == sorted(path.name for path in tmp_path.iterdir())
    assert caplog.text == ""
