"""Plans of DICOM deliveries: what a person decides is followed, or refused with a sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from curation.dicom.planning import make_plan
from curation.importers import stage
from registry.errors import InvalidInput
from registry.files.canonical import read_tsv
from tests.support.dicom import twins
from tests.support.dicom.importing import SECRETS, edited, nothing, recipe
from tests.support.dicom.twins import Series


def test_an_undecided_series_asks_for_a_plan_and_writes_nothing(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("xyz"), EchoTime=50)
    with pytest.raises(InvalidInput, match="1 series need a decision"):
        stage(recipe(), tmp_path / "in", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_a_reason_stands_with_every_series_that_is_not_simply_kept(tmp_path: Path) -> None:
    for number, said in enumerate(("T1 pre", "T1_reg", "resampled bold"), start=1):
        twins.write(tmp_path / "in" / said, Series(said, number=number, volumes=1 + (number == 3)))
    made = make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    by_description = {row.description: row for row in made.rows}
    plain, registered, both = (by_description[said] for said in ("T1 pre", "T1_reg", "resampled bold"))
    assert (plain.keep, plain.reason) == ("yes", "")
    assert (registered.keep, "no raw image" in registered.reason) == ("ask", True)
    assert both.keep == "ask"
    assert "no raw image" in both.reason
    assert "No task is named: write it in place of 'unnamed'" in both.reason


def test_a_corrected_plan_is_followed(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series("xyz", more={"ImageType": ["DERIVED", "SECONDARY"]}), EchoTime=50)
    made = make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    assert [row.keep for row in made.rows] == ["no"]
    edited(
        tmp_path / "plan.tsv",
        keep="yes",
        name="anat/acq-crop_T2w",
        subject="MS1",
        session="ses-M12",
        days_from_baseline="365",
    )
    report = stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert report.kept["images"] == 1
    assert (tmp_path / "into/sub-MS1/ses-M12/anat/sub-MS1_ses-M12_acq-crop_T2w.nii.gz").is_file()
    assert read_tsv(tmp_path / "into/sub-MS1/sub-MS1_sessions.tsv")[0]["days_from_baseline"] == "365"


def test_a_plan_holds_nothing_of_a_person(tmp_path: Path) -> None:
    twins.write(tmp_path / twins.NAME, Series())
    make_plan(recipe(), tmp_path / twins.NAME, tmp_path / "plan.tsv", nothing)
    text = (tmp_path / "plan.tsv").read_text()
    assert not [word for word in SECRETS if word in text]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"keep": "ask"}, "need a decision"),
        ({"keep": "maybe"}, "keep is 'maybe'"),
        ({"name": "anat/T9w"}, "not a BIDS name"),
        ({"name": "T1w"}, "not a BIDS name"),
        ({"name": "anat/acq-a_b_T1w"}, "not a BIDS name"),
        ({"name": "anat/../T1w"}, "not a BIDS name"),
        ({"name": "anat/run-1_acq-a_T1w"}, "not a BIDS name"),
        ({"name": "anat/space-x_T1w"}, "not the name of a raw image"),
        ({"name": "func/bold"}, "not the name of a raw image"),
        ({"subject": "sub-a/b"}, "not a BIDS name"),
        ({"session": ""}, "not a BIDS name"),
        ({"days_from_baseline": "2001-02-03"}, "not a whole number"),
        ({"series": "other"}, "is only in"),
    ],
)
def test_a_plan_that_cannot_be_followed_says_why(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    twins.write(tmp_path / "in", Series())
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", **cells)
    with pytest.raises(InvalidInput, match=message):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert not list((tmp_path / "into").iterdir())


def test_a_series_cannot_have_two_rows_that_differ(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    head, row = (tmp_path / "plan.tsv").read_text().splitlines()
    (tmp_path / "plan.tsv").write_text("\n".join([head, row, row.replace("\tyes\t", "\tno\t")]) + "\n")
    with pytest.raises(InvalidInput, match="has two rows that differ"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


def test_two_rows_cannot_have_one_name(tmp_path: Path) -> None:
    twins.write(tmp_path / "in" / "1", Series(number=1))
    twins.write(tmp_path / "in" / "2", Series(number=2))
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", name="anat/T1w")
    with pytest.raises(InvalidInput, match="have one name"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


def test_a_series_with_missing_slices_cannot_be_kept_by_a_plan(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series(depths=(0, 3, 6, 12, 15)))
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes", name="anat/T1w")
    with pytest.raises(InvalidInput, match="1 of 6 slices are missing"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


@pytest.mark.parametrize(("column", "label"), [("session", "20010203"), ("subject", "JaneRoe20010203")])
def test_a_plan_names_nobody_by_a_day(tmp_path: Path, column: str, label: str) -> None:
    twins.write(tmp_path / "in", Series())
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", **{column: label})
    with pytest.raises(InvalidInput, match="the name holds a calendar date"):
        stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")


def test_a_plan_is_for_whoever_made_it(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    assert stat.S_IMODE((tmp_path / "plan.tsv").stat().st_mode) == 0o600


def test_a_plan_is_never_overwritten_and_never_put_into_the_delivery(tmp_path: Path) -> None:
    twins.write(tmp_path / "in", Series())
    (tmp_path / "plan.tsv").write_text("mine")
    for place, message in (
        (tmp_path / "plan.tsv", "exists already"),
        (tmp_path / "in/plan.tsv", "inside the delivery"),
    ):
        with pytest.raises(InvalidInput, match=message):
            make_plan(recipe(), tmp_path / "in", place, nothing)
    assert (tmp_path / "plan.tsv").read_text() == "mine"


@pytest.mark.parametrize(("series", "name"), [(Series("dwi"), "dwi/dwi"), (Series(), "func/task-x_bold")])
def test_an_image_that_bids_would_refuse_stays_outside(tmp_path: Path, series: Series, name: str) -> None:
    twins.write(tmp_path / "in", series, RepetitionTime=None)
    make_plan(recipe(), tmp_path / "in", tmp_path / "plan.tsv", nothing)
    edited(tmp_path / "plan.tsv", keep="yes", name=name)
    report = stage(recipe(plan=tmp_path / "plan.tsv"), tmp_path / "in", tmp_path / "into")
    assert {item.reason for item in report.refused} == {"fields-missing"}
