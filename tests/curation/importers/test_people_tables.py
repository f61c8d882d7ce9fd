"""Tables of people as editors leave them: what is certain is read, the rest is told, nobody gets another's row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import ImportReport, stage
from registry.files.canonical import read_tsv
from tests.support.cohorts.cohort_twins import TWINS, make

TABLE = "participant_id\tage\tsex\tsite\nsub-01\t34\tF\talpha\nsub-02\t51\tM\tbeta\nsub-03\tn/a\tF\tbeta\n"
WHOLE = {"sub-01": ("34", "F"), "sub-02": ("51", "M"), "sub-03": (None, "F")}


def bring(tmp_path: Path, table: bytes, **files: str) -> tuple[dict[str, Any], ImportReport]:
    source = tmp_path / "source"
    twins.write_json(source / "dataset_description.json", {"Name": "People", "BIDSVersion": "1.8.0"})
    for number in (1, 2, 3):
        twins.put(source / f"sub-0{number}/anat/sub-0{number}_T1w.nii.gz", twins.voxels(number), text="")
    (source / "participants.tsv").write_bytes(table)
    for path, text in files.items():
        twins.write(source / path, text)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    rows = {
        str(row["participant_id"]): (row["age"], row["sex"]) for row in read_tsv(tmp_path / "into/participants.tsv")
    }
    return rows, report


SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it should be": lambda text: text.encode(),
    "a byte-order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "lines of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "lines of old Macs": lambda text: text.replace("\n", "\r").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "a column in capitals": lambda text: text.replace("participant_id", "Participant_ID").encode(),
    "no sub-": lambda text: text.replace("sub-", "").encode(),
    "subjects in capitals": lambda text: text.replace("sub-02", "SUB-02").encode(),
    "empty lines": lambda text: f"{text}\n\t\t\t\n \n".encode(),
    "padded cells": lambda text: text.replace("sub-02", " sub-02 ").replace("\tsex", "\t sex").encode(),
    "quoted cells": lambda text: text.replace("sub-02", '"sub-02"').replace("alpha", '"alpha"').encode(),
    "one row twice": lambda text: f"{text}sub-01\t34\tF\talpha\n".encode(),
    "words for sexes": lambda text: text.replace("\tF\t", "\tfemale\t").replace("\tM\t", "\tMale\t").encode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_is_certain_is_read(tmp_path: Path, spelling: str) -> None:
    rows, report = bring(tmp_path, SPELLINGS[spelling](TABLE))
    assert rows == WHOLE
    assert report.refused == ()


DOUBTS: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "rows that differ": (
        f"{TABLE}sub-01\t35\tF\talpha\n".encode(),
        {**WHOLE, "sub-01": (None, None)},
        "participants.tsv: rows of one participant_id differ, so none is used: sub-01.",
    ),
    "a row of nobody": (
        f"{TABLE}sub-09\t40\tF\tbeta\nJane Roe\t41\tF\tbeta\n".encode(),
        WHOLE,
        "participants.tsv has 2 rows without images here, left out: sub-09 and 1 other name.",
    ),
    "subjects without a row": (
        b"participant_id\tage\tsex\nsub-01\t34\tF\n",
        {"sub-01": ("34", "F"), "sub-02": (None, None), "sub-03": (None, None)},
        "participants.tsv has no row for 2 of 3 subjects: sub-02, sub-03.",
    ),
    "two rows that mean one": (
        b"participant_id\tage\tsex\nsub-01\t34\tF\n01\t99\tM\nsub-02\t51\tM\nsub-03\tn/a\tF\n",
        WHOLE,
        "participants.tsv has 1 row without images here, left out: 1 other name.",
    ),
    "numbers that are no ages": (
        TABLE.replace("34", "034Y").replace("51", "30-40").encode(),
        {**WHOLE, "sub-01": (None, "F"), "sub-02": (None, "M")},
        "participants.tsv, age: 2 values of another kind were left out.",
    ),
    "codes without a meaning": (
        TABLE.replace("\tF\t", "\t2\t").replace("\tM\t", "\t1\t").encode(),
        {name: (age, None) for name, (age, _) in WHOLE.items()},
        "participants.tsv, sex: 3 values of another kind were left out.",
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_is_not_certain_is_told_and_used_for_nobody(tmp_path: Path, doubt: str) -> None:
    table, expected, note = DOUBTS[doubt]
    rows, report = bring(tmp_path, table)
    assert rows == expected
    assert note in report.notes
    assert not any("Jane" in text for text in report.notes)


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("\t", ",").encode(),
        TABLE.replace("\t", ";").encode(),
        TABLE.replace("\t", "    ").encode(),
        TABLE.replace("sub-02\t51\tM\tbeta", "sub-02\t51").encode(),
        TABLE.replace("sub-02\t51\tM\tbeta", "sub-02\t51\tM\tbeta\tmore").encode(),
        TABLE.replace("alpha", "Zürich").encode("latin-1"),
        TABLE.replace("sex", " age").encode(),
    ],
)
def test_a_table_that_can_be_read_in_two_ways_is_refused_and_the_images_come_in(tmp_path: Path, table: bytes) -> None:
    rows, report = bring(tmp_path, table)
    assert set(rows.values()) == {(None, None)}
    assert {item.path: item.reason for item in report.refused} == {"participants.tsv": "unreadable-tsv"}


def test_rows_of_visits_and_scans_are_checked_back(tmp_path: Path) -> None:
    source = twins.bids(tmp_path / "source")
    days = "session_id\tdays_from_baseline\na\t0\nses-b\t30\nses-z\t90\n"
    twins.write(source / "sub-01/sub-01_sessions.tsv", days)
    scans = "filename\tqc_n\nanat/sub-01_ses-a_FLAIR.nii.gz\t1\nanat/sub-01_ses-a_T2w.nii.gz\t2\n"
    twins.write(source / "sub-01/ses-a/sub-01_ses-a_scans.tsv", scans)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    visits = read_tsv(tmp_path / "into/sub-01/sub-01_sessions.tsv")
    assert [(row["session_id"], row["days_from_baseline"]) for row in visits] == [("ses-a", "0"), ("ses-b", "30")]
    assert "*_sessions.tsv has 1 row of sessions that did not come in." in report.notes
    assert "*_scans.tsv has 1 row of files that did not come in." in report.notes


def test_scans_follow_an_image_that_was_packed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    twins.put(source / "sub-01/anat/sub-01_T1w.nii", twins.voxels(1))
    twins.write(source / "sub-01/sub-01_scans.tsv", "filename\tqc_n\nanat/sub-01_T1w.nii\t3\n")
    stage(recipes.load("bids"), source, tmp_path / "into")
    rows = read_tsv(tmp_path / "into/sub-01/sub-01_scans.tsv")
    assert rows == [{"filename": "anat/sub-01_T1w.nii.gz", "qc_n": "3"}]
    assert twins.validator_errors(tmp_path / "into") == []


def test_a_recipes_table_is_checked_back(tmp_path: Path) -> None:
    source = make(tmp_path / "ixi", TWINS["ixi"])
    (table,) = source.glob("*.csv")
    table.write_text(f"{table.read_text()}999,1,40,\n")
    before = stage(recipes.load("ixi"), make(tmp_path / "plain", TWINS["ixi"]), tmp_path / "without")
    report = stage(recipes.load("ixi"), source, tmp_path / "into")
    assert not any("without files here" in note for note in before.notes)
    assert any(note.endswith("has 1 row without files here.") for note in report.notes)
