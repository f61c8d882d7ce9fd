"""Whose series these are: patients become subjects, dates become sessions, and nothing else is said of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

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


BLANK = {"PatientBirthDate": "", "PatientSex": ""}


@pytest.mark.parametrize(
    ("identity", "name"),
    [("ANON", "ANON"), ("", "Anonymous"), ("0000", "xxx"), ("", "Roe^Jane"), ("de-identified", "")],
)
def test_a_placeholder_is_no_identity_so_each_study_is_a_person_and_a_question(
    tmp_path: Path, identity: str, name: str
) -> None:
    for number in (1, 2, 3):
        study = Series(patient=identity, name=name, number=number, study=str(number))
        twins.write(tmp_path / str(number), study, **BLANK)
    rows = look(tmp_path).rows.values()
    assert len({row.subject for row in rows}) == 3
    assert {(row.keep, row.session) for row in rows} == {("ask", "ses-01")}
    assert all("patient-unknown" in row.findings for row in rows)


@pytest.mark.parametrize("identity", ["", "ANON"])
@pytest.mark.parametrize("studies", [1, 2, 3])
def test_studies_joined_by_name_and_birth_date_alone_are_a_question(
    tmp_path: Path, identity: str, studies: int
) -> None:
    """One study joins nothing, so nothing is asked; an ID would be sure."""
    for number in range(1, studies + 1):
        study = Series(patient=identity, name="Roe^Jane", number=number, study=str(number))
        twins.write(tmp_path / str(number), study, PatientBirthDate="19800101")
    seen = look(tmp_path)
    assert len({row.subject for row in seen.rows.values()}) == 1
    assert {row.keep for row in seen.rows.values()} == {"ask" if studies > 1 else "yes"}
    assert (Code.PATIENT_BY_NAME in codes(seen)) == (studies > 1)
    for row in seen.rows.values():
        assert not any("Roe" in item.message or "1980" in item.message for item in seen.findings[row.series])


@pytest.mark.parametrize("identity", ["ID4711", "ANON01", "P1", "Nonet^Ann", "X1"])
def test_a_code_is_an_identity(tmp_path: Path, identity: str) -> None:
    for number in (1, 2):
        twins.write(tmp_path / str(number), Series(patient=identity, number=number, study=str(number)), **BLANK)
    rows = look(tmp_path).rows.values()
    assert len({row.subject for row in rows}) == 1
    assert {row.keep for row in rows} == {"yes"}


@pytest.mark.parametrize(
    ("first", "second", "keep"),
    [
        ({"PatientAge": "030Y"}, {"PatientAge": "071Y"}, "ask"),
        ({"PatientAge": "006M"}, {"PatientAge": "041Y"}, "ask"),
        ({"PatientAge": "041Y"}, {"PatientAge": "042Y"}, "yes"),
        ({"PatientAge": "041Y", "StudyDate": ""}, {"PatientAge": "060Y", "StudyDate": ""}, "ask"),
        ({"PatientAge": "041Y"}, {"PatientAge": "051Y", "StudyDate": "20110203"}, "yes"),
        ({"PatientWeight": 55}, {"PatientWeight": 98}, "ask"),
        ({"PatientWeight": 55}, {"PatientWeight": 0}, "yes"),
        ({"PatientWeight": 70}, {"PatientWeight": 80}, "yes"),
        ({"PatientName": "Roe^Jane"}, {"PatientName": "ROE^JANE^^"}, "yes"),
        ({"PatientSex": "F"}, {"PatientSex": "M"}, "ask"),
        ({"PatientSex": "F"}, {"PatientSex": "O"}, "yes"),
    ],
)
def test_an_id_whose_facts_are_not_one_persons_is_a_question(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], keep: str
) -> None:
    for number, facts in enumerate((first, second), start=1):
        twins.write(tmp_path / str(number), Series(number=number, study=str(number)), **facts)
    seen = look(tmp_path)
    assert {row.keep for row in seen.rows.values()} == {keep}
    assert (Code.PATIENT_CONFLICT in codes(seen)) is (keep == "ask")


@pytest.mark.parametrize("other", ["id4711", "ID-4711", "ID04711"])
def test_ids_that_typing_makes_alike_are_a_question(tmp_path: Path, other: str) -> None:
    twins.write(tmp_path / "a", Series())
    twins.write(tmp_path / "b", Series(patient=other, number=2))
    assert codes(look(tmp_path)) == {Code.PATIENT_ALIKE}


def test_one_study_under_two_ids_is_a_question(tmp_path: Path) -> None:
    twins.write(tmp_path / "a", Series(), StudyInstanceUID="1.2.3")
    twins.write(tmp_path / "b", Series(patient="ID5", number=2), StudyInstanceUID="1.2.3")
    assert codes(look(tmp_path)) == {Code.STUDY_OF_SEVERAL_PATIENTS}


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
