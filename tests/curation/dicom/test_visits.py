"""Whose series these are: patients become subjects, dates become sessions, and nothing else is said of them."""

from __future__ import annotations

from pathlib import Path

from curation.dicom.codes import Code
from curation.dicom.pseudonyms import Pseudonyms
from curation.dicom.survey import DicomSettings, survey
from tests.support.dicom import twins
from tests.support.dicom.surveying import RECIPE, codes, look, only
from tests.support.dicom.twins import Series


def test_two_patients_in_one_folder_become_two_subjects_and_a_question(tmp_path: Path) -> None:
    twins.write(tmp_path, Series())
    twins.write(tmp_path, Series(patient="ID4712", name="Roe^Jim", number=2))
    rows = look(tmp_path).rows.values()
    assert len({row.subject for row in rows}) == 2
    assert {row.keep for row in rows} == {"ask"}
    assert all("several-patients" in row.findings for row in rows)


def test_two_patients_in_folders_of_their_own_are_no_question(tmp_path: Path) -> None:
    twins.write(tmp_path / "a", Series())
    twins.write(tmp_path / "b", Series(patient="ID4712", name="Roe^Jim", number=2))
    assert {row.keep for row in look(tmp_path).rows.values()} == {"yes"}


def test_one_series_of_two_patients_is_never_kept(tmp_path: Path) -> None:
    files = twins.write(tmp_path, Series())
    for file in files[:2]:
        twins.change(file, PatientID="ID4712")
    seen = look(tmp_path)
    assert len(seen.blocked) == 2
    assert {row.keep for row in seen.rows.values()} == {"no"}
    assert Code.SERIES_OF_SEVERAL_PATIENTS in codes(seen)


def test_one_patient_id_with_two_names_is_a_question(tmp_path: Path) -> None:
    twins.write(tmp_path / "a", Series())
    twins.write(tmp_path / "b", Series("T2", number=2, name="Poe^Ann", more=twins.T2))
    assert Code.PATIENT_CONFLICT in codes(look(tmp_path))


def test_sessions_follow_dates_and_only_offsets_are_said(tmp_path: Path) -> None:
    for number, date in enumerate(("20010310", "20010203", "20020203"), start=1):
        twins.write(tmp_path / date, Series(date=date, number=number))
    rows = sorted(look(tmp_path).rows.values(), key=lambda row: row.session)
    assert [(row.session, row.days_from_baseline) for row in rows] == [
        ("ses-01", "0"),
        ("ses-02", "35"),
        ("ses-03", "365"),
    ]
    assert "2001" not in str(rows)


def test_labels_are_salted_and_steady(tmp_path: Path) -> None:
    twins.write(tmp_path, Series())
    first, second = look(tmp_path), look(tmp_path)
    other = survey(RECIPE, tmp_path, DicomSettings(Pseudonyms(b"b" * 32)), lambda done, total, what: None)
    label = first.rows[only(first)].subject
    assert label == second.rows[only(second)].subject != other.rows[only(other)].subject
    assert twins.PATIENT not in label


def test_a_table_of_persons_gives_labels(tmp_path: Path) -> None:
    twins.write(tmp_path / "dicom", Series())
    seen = look(tmp_path / "dicom", people={twins.PATIENT: "MS007"})
    assert seen.rows[only(seen)].subject == "sub-MS007"


def test_patients_do_not_show_in_the_representation_of_an_instance(tmp_path: Path) -> None:
    twins.write(tmp_path, Series())
    shown = repr(look(tmp_path).stacks)
    assert not [word for word in (twins.PATIENT, twins.NAME, twins.DATE, Series().uid) if word in shown]
