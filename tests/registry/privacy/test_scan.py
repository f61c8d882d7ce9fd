"""The scan finds every kind of trace it promises to find, says where, and repeats none of it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import NotFound
from registry.files.volumes import encode, save
from registry.privacy.kinds import Kind
from registry.privacy.patterns import in_field, in_text
from registry.privacy.scan import scan
from tests.support.dicom import twins

UID = "1.2.840.113619.2.408.5282380.4562341"


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def kinds(root: Path) -> set[str]:
    return {item.code for item in scan(root).findings}


FIELDS = [
    ("AcquisitionDateTime", "2001-02-03T10:11:12", Kind.DATE),
    ("AcquisitionTime", "10:11:12.5", Kind.DATE),
    ("Comment", "seen 3 Feb 2001", Kind.DATE),
    ("Comment", "seen 03.02.2001", Kind.DATE),
    ("StudyDate", "20010203", Kind.DATE),
    ("x", "20010203", Kind.DATE),
    ("PatientName", "anybody", Kind.NAME),
    ("PatientID", "4711", Kind.NAME),
    ("ReferringPhysicianName", "anybody", Kind.NAME),
    ("InstitutionAddress", "1 Road", Kind.NAME),
    ("Comment", "Roe^Jane", Kind.NAME),
    ("DeviceSerialNumber", "4711", Kind.DEVICE),
    ("StationName", "MRC1", Kind.DEVICE),
    ("Source", UID, Kind.UID),
    ("SeriesInstanceUID", "not a hash", Kind.UID),
    ("Source", "/home/someone/data/x.nii", Kind.ABSOLUTE_PATH),
    ("Source", "C:\\Users\\x", Kind.ABSOLUTE_PATH),
    ("Source", "file:///data/x", Kind.ABSOLUTE_PATH),
    ("Contact", "jane@centre.example", Kind.EMAIL),
    ("Comment", "seen by Dr. Roe", Kind.TITLED),
    ("Comment", "Patient Jane Roe", Kind.TITLED),
    *(("Comment", f"seen {day}", Kind.DATE) for day in ("2001-2-3", "12-03-2001", "2001_02_03", "12. März 2001")),
    *(("Comment", f"seen {day}", Kind.DATE_LIKE) for day in ("03.02.01", "Feb 2001", "2001-02", "_20010203")),
]


@pytest.mark.parametrize(("field", "value", "kind"), FIELDS)
def test_a_sidecar_that_tells_is_found_and_its_value_is_not_repeated(
    tmp_path: Path, field: str, value: str, kind: Kind
) -> None:
    put(tmp_path / "sub-1/anat/sub-1_T1w.json", json.dumps({"deep": [{field: value}]}))
    report = scan(tmp_path)
    assert kind in {item.code for item in report.findings}
    assert value not in report.text()
    assert report.counts[kind] == 1


CLEAN = [
    ("EchoTime", "0.01"),
    ("RepetitionTime", "2.5"),
    ("ConversionSoftwareVersion", "v1.0.20260724"),
    ("Version", "10.20261026"),
    ("SequenceName", "*se2d1"),
    ("Sources", "bids:raw:sub-1/anat/sub-1_T1w.nii.gz"),
    ("raw", "file:../.."),
    ("SeriesInstanceUID", "a" * 64),
    ("days_from_baseline", "203"),
    ("HowToAcknowledge", "NeuroImage 152:312-329, doi:10.1016/j.neuroimage.2017.03.010"),
    ("PulseSequenceDetails", "%SiemensSeq%\\tse"),
    ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.4"),
    ("InstitutionName", "Centre A"),
    ("PatientPosition", "HFS"),
    ("SHA256", "20010203" * 8),
    ("update", "yes"),
    ("PatientID", "n/a"),
    ("unit", "http://example.org/home/x"),
]


@pytest.mark.parametrize(("field", "value"), CLEAN)
def test_what_tells_nothing_of_a_person_is_passed(field: str, value: str) -> None:
    assert list(in_field(field, value)) == []


@given(st.dates())
def test_no_date_of_a_scan_escapes(day: object) -> None:
    text = str(day)
    if text >= "1900" and text < "2100":
        for form in (text, text.replace("-", ""), f"at {text}T10:00:00", ".".join(reversed(text.split("-")))):
            assert Kind.DATE in dict(in_text(form)), form


@pytest.mark.parametrize("value", [{"Value": "Roe"}, [["Roe"]], [{"Alphabetic": "Roe"}]])
def test_a_field_counts_by_its_name_whatever_shape_its_value_has(tmp_path: Path, value: object) -> None:
    put(tmp_path / "sub-1/anat/sub-1_T1w.json", json.dumps({"deep": {"PatientName": value}}))
    assert kinds(tmp_path) == {Kind.NAME}


def test_keys_and_heads_of_tables_are_texts_too(tmp_path: Path) -> None:
    put(tmp_path / "sub-1/anat/sub-1_T1w.json", json.dumps({"2001-02-03": 1}))
    put(tmp_path / "phenotype/x.tsv", "participant_id\tseen 2001-02-03\nsub-1\tyes\n")
    (tmp_path / "sub-1_task-x_physio.tsv.gz").write_bytes(gzip.compress(b"2001-02-03\t1\n"))
    report = scan(tmp_path)
    assert {(item.path, item.code) for item in report.findings} == {
        (path, Kind.DATE) for path in ("sub-1/anat/sub-1_T1w.json", "phenotype/x.tsv", "sub-1_task-x_physio.tsv.gz")
    }
    assert "2001" not in report.text()


def test_tables_are_read_cell_by_cell(tmp_path: Path) -> None:
    put(
        tmp_path / "sub-1/sub-1_scans.tsv",
        "filename\tacq_time\nanat/x.nii.gz\t2001-02-03T10:00:00\nanat/y.nii.gz\tn/a\n",
    )
    report = scan(tmp_path)
    (found,) = report.findings
    assert (found.code, found.message) == (Kind.DATE, "line 2, acq_time: a date or time.")


def test_nifti_headers_are_read(tmp_path: Path) -> None:
    for name, text, extension in (("a", "Roe", False), ("b", "", True), ("c", "", False)):
        image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
        image.header["descrip"] = text
        if extension:
            image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"seen by Roe"))
        nibabel.save(image, tmp_path / f"{name}.nii.gz")
    version2 = nibabel.Nifti2Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
    version2.header["aux_file"] = "Roe"
    nibabel.save(version2, tmp_path / "d.nii")
    save(tmp_path / "e.nii.gz", np.zeros((2, 2, 2), np.uint8), np.eye(4))
    assert [(item.path, item.code) for item in scan(tmp_path).findings] == [
        ("a.nii.gz", Kind.HEADER_TEXT),
        ("b.nii.gz", Kind.EXTENSION),
        ("d.nii", Kind.HEADER_TEXT),
    ]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    (tmp_path / "cut.nii.gz").write_bytes(encode(np.zeros((9, 9, 9), np.uint8), np.eye(4))[:30])
    (tmp_path / "broken.json").write_text("{")
    report = scan(tmp_path)
    assert {item.path for item in report.of(Kind.NOT_READ)} == {"gone.json", "picture.png", "broken.json"}
    assert {item.path for item in report.of(Kind.BROKEN_IMAGE)} == {"cut.nii.gz"}
    assert not report.ok
    (tmp_path / "cut.nii.gz").unlink()
    assert scan(tmp_path).ok  # nothing certain; a person should look


def test_a_folder_that_is_not_there_is_no_clean_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no folder"):
        scan(tmp_path / "nowhere")


def test_a_dicom_file_is_found_under_any_name(tmp_path: Path) -> None:
    twins.write(tmp_path / "sourcedata", twins.Series(depths=(0.0,)))
    assert kinds(tmp_path) == {Kind.DICOM_FILE}


def test_compressed_texts_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.json.gz").write_bytes(gzip.compress(json.dumps({"a": UID}).encode()))
    put(tmp_path / "x.jsonl", json.dumps({"PatientName": "x"}) + "\n")
    assert kinds(tmp_path) == {Kind.UID, Kind.NAME}


def test_names_of_files_are_read(tmp_path: Path) -> None:
    put(tmp_path / "sub-20010203/anat/x.json", "{}")
    put(tmp_path / f"sourcedata/{UID}/x.json", "{}")
    assert kinds(tmp_path) == {Kind.DATE, Kind.UID}


def test_a_pseudonym_of_an_import_is_no_day(tmp_path: Path) -> None:
    put(tmp_path / "sub-20010203AB/anat/sub-20010203AB_T1w.json", "{}")
    assert kinds(tmp_path) == set()


def test_the_registry_s_own_dates_are_its_own(tmp_path: Path) -> None:
    put(tmp_path / "logs/events/2026/01/w1.jsonl", json.dumps({"at": "2026-01-02T10:00:00"}) + "\n")
    put(tmp_path / "code/registry/snapshots/x.json", json.dumps({"made": "2026-01-02"}))
    put(tmp_path / "code/registry/queries/big@2.json", json.dumps({"files": {"code/registry/queries/big@2.json": 1}}))
    put(tmp_path / ".git/HEAD", "2026-01-02")
    put(tmp_path / ".cohortium/x.json", json.dumps({"PatientName": "x"}))
    assert kinds(tmp_path) == set()
    put(tmp_path / "code/registry/imports/x.json", json.dumps({"path": "Roe^Jane/1"}))
    assert kinds(tmp_path) == {Kind.NAME}


def test_what_people_write_is_no_date_of_the_registry(tmp_path: Path) -> None:
    put(tmp_path / "code/registry/exclusions.tsv", "unit\tat\tcomment\nsub-1\t2026-01-02\tseen 2001-02-03\n")
    put(tmp_path / "logs/events/2026/01/w1.jsonl", json.dumps({"at": "2026-01-02", "reason": "seen 2001-02-03"}) + "\n")
    assert [(item.path, item.message) for item in scan(tmp_path).findings] == [
        ("code/registry/exclusions.tsv", "line 2, comment: a date or time."),
        ("logs/events/2026/01/w1.jsonl", "reason: a date or time."),
    ]
