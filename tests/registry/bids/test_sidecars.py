"""Sidecars apply as BIDS' inheritance principle says: by suffix and entities, from the root down, within a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from registry.bids import sidecars

IMAGE = "sub-1/ses-2/func/sub-1_ses-2_task-rest_run-1_bold.nii.gz"


def metadata(contents: Mapping[str, Any], path: str = IMAGE) -> Mapping[str, Any]:
    return sidecars.metadata(path, sidecars.by_folder(contents.items()))


def test_what_stands_lower_wins_and_the_rest_is_inherited() -> None:
    contents = {
        "task-rest_bold.json": {"a": "root", "b": "root", "c": "root", "d": "root"},
        "sub-1/sub-1_bold.json": {"b": "subject", "c": "subject", "d": "subject"},
        "sub-1/ses-2/sub-1_ses-2_bold.json": {"c": "session", "d": "session"},
        IMAGE.replace(".nii.gz", ".json"): {"d": "own"},
    }
    assert metadata(contents) == {"a": "root", "b": "subject", "c": "session", "d": "own"}


@pytest.mark.parametrize(
    "sidecar",
    [
        "task-rest_T1w.json",  # another suffix
        "task-other_bold.json",  # another label
        "task-rest_acq-x_bold.json",  # an entity the image lacks
        "sub-2/task-rest_bold.json",  # beside the image's folder, not above
        "sub-1/ses-2/func/deeper/task-rest_bold.json",  # below it
        "derivatives/d/task-rest_bold.json",  # another dataset
        "bold.jsonl",
        "task-rest_run-1.json",
    ],
)
def test_what_does_not_apply_changes_nothing(sidecar: str) -> None:
    assert metadata({sidecar: {"wrong": True}}) == {}


@pytest.mark.parametrize("content", [None, [], "text", 7])
def test_what_is_no_object_says_nothing(content: Any) -> None:
    assert metadata({"bold.json": content, "task-rest_bold.json": {"a": 1}}) == {"a": 1}


def test_a_derivative_inherits_from_its_own_root_alone() -> None:
    contents = {"task-rest_bold.json": {"raw": 1}, "derivatives/d/bold.json": {"own": 1}}
    assert metadata(contents, f"derivatives/d/{IMAGE}") == {"own": 1}


def test_of_two_sidecars_in_one_folder_the_closer_one_wins() -> None:
    assert metadata({"task-rest_bold.json": {"a": 2}, "bold.json": {"a": 1, "b": 1}}) == {"a": 2, "b": 1}


def test_a_sidecar_serves_tables_too() -> None:
    assert metadata({"participants.json": {"age": {"Units": "year"}}}, "participants.tsv") == {"age": {"Units": "year"}}
