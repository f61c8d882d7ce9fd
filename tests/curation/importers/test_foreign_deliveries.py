"""Deliveries of other kinds: what is not ours is named and counted, and the whole report says why nothing came in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import tests.support.cohorts.importer_twins as twins
from curation import recipes
from curation.importers import stage
from curation.imports.delivery import NothingCameIn, check_delivery, import_delivery
from curation.imports.look import Asked, look
from registry.store import Registry
from tests.support.cohorts.bids_layouts import begin, put_times
from tests.support.templates import registry_state


def eeg(source: Path) -> None:
    twins.write(source / "sub-01/eeg/sub-01_task-rest_eeg.edf", "x")
    twins.write_json(source / "sub-01/eeg/sub-01_task-rest_eeg.json", {"TaskName": "rest"})
    twins.write_json(source / "task-rest_eeg.json", {"EEGReference": "Cz"})


def microscopy(source: Path) -> None:
    twins.write(source / "sub-01/micr/sub-01_sample-A_SEM.png", "x")


def surfaces(source: Path) -> None:
    twins.write(source / "sub-01/meg/sub-01_task-x_meg.ds/a.meg4", "x")


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "EEG": (eeg, "Data of other types stayed outside: 3 files of eeg."),
    "microscopy": (microscopy, "Data of other types stayed outside: 1 file of micr."),
    "MEG in folders": (surfaces, "Data of other types stayed outside: 1 file of meg."),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_data_of_other_types_are_counted_and_named(tmp_path: Path, case: str) -> None:
    write, note = FOREIGN[case]
    source = begin(tmp_path / "source")
    write(source)
    report = stage(recipes.load("bids"), source, tmp_path / "into")
    assert twins.validator_errors(tmp_path / "into") == []
    assert note in report.notes
    assert {item.reason for item in report.refused} == {"other-type"}
    assert report.kept["images"] == 1


@pytest.mark.parametrize("case", FOREIGN)
def test_a_delivery_of_other_types_alone_gives_the_whole_report_and_changes_nothing(
    tmp_path: Path, writable: Registry, case: str
) -> None:
    source = tmp_path / "source"
    twins.write_json(source / "dataset_description.json", {"Name": "Other", "BIDSVersion": "1.8.0"})
    FOREIGN[case][0](source)
    before = registry_state.everything(writable)
    for bring_in in (import_delivery, check_delivery):
        with pytest.raises(NothingCameIn, match=r"No image and no mask of .* came in") as caught:
            bring_in(writable, "bids", source)
        assert FOREIGN[case][1] in caught.value.report.notes
        assert "other-type" in caught.value.message
    rehearsal = look(writable, Asked("bids", source), lambda done, total, what: None).rehearsal
    assert rehearsal is not None
    assert rehearsal.report == caught.value.report
    assert rehearsal.said == caught.value.message
    assert registry_state.everything(writable) == before


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "every image is damaged": (lambda path: path.write_bytes(b"x"), "not-nifti"),
    "every image is elsewhere": (lambda path: path.symlink_to("nowhere"), "not-fetched"),
    "every image is a time series": (put_times, "not-as-named"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_delivery_whose_files_are_all_refused_is_known_and_says_why(
    tmp_path: Path, writable: Registry, case: str
) -> None:
    source = tmp_path / "source"
    (source / "sub-01/anat").mkdir(parents=True)
    BROKEN[case][0](source / "sub-01/anat/sub-01_T1w.nii.gz")
    with pytest.raises(NothingCameIn, match="No image and no mask") as caught:
        check_delivery(writable, "bids", source)
    assert [item.reason for item in caught.value.report.refused] == [BROKEN[case][1]]


def test_a_folder_of_which_no_file_is_known_is_not_of_the_recipe(tmp_path: Path, writable: Registry) -> None:
    twins.write(tmp_path / "source/sub-01/holiday.jpg", "x")
    with pytest.raises(NothingCameIn, match=r"holds nothing that the recipe 'bids' knows.*not-bids-name") as caught:
        import_delivery(writable, "bids", tmp_path / "source")
    assert caught.value.hint.startswith("Known recipes: ")
    assert [item.path for item in caught.value.report.refused] == ["sub-01/holiday.jpg"]
