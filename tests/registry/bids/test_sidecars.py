"""Sidecars apply as BIDS' inheritance principle says: by suffix and entities, from the root down, within a dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmarks import scanning

IMAGE = "sub-1/ses-2/func/sub-1_ses-2_task-rest_run-1_bold.nii.gz"


def put(root: Path, files: Mapping[str, Any]) -> None:
    for path, content in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("" if content is None else json.dumps(content))


def metadata(root: Path, path: str = IMAGE) -> Mapping[str, Any]:
    return next(row.metadata for row in scanning.scan(root).rows if row.path == path)


def test_what_stands_lower_wins_and_the_rest_is_inherited(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            IMAGE: None,
            "task-rest_bold.json": {"a": "root", "b": "root", "c": "root", "d": "root"},
            "sub-1/sub-1_bold.json": {"b": "subject", "c": "subject", "d": "subject"},
            "sub-1/ses-2/sub-1_ses-2_bold.json": {"c": "session", "d": "session"},
            IMAGE.replace(".nii.gz", ".json"): {"d": "own"},
        },
    )
    assert metadata(tmp_path) == {"a": "root", "b": "subject", "c": "session", "d": "own"}


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
def test_what_does_not_apply_changes_nothing(tmp_path: Path, sidecar: str) -> None:
    put(tmp_path, {IMAGE: None, sidecar: {"wrong": True}})
    assert metadata(tmp_path) == {}


def test_a_derivative_inherits_from_its_own_root_alone(tmp_path: Path) -> None:
    path = f"derivatives/d/{IMAGE}"
    put(tmp_path, {path: None, "task-rest_bold.json": {"raw": 1}, "derivatives/d/bold.json": {"own": 1}})
    assert metadata(tmp_path, path) == {"own": 1}


def test_two_sidecars_in_one_folder_are_a_finding_and_the_closer_one_wins(tmp_path: Path) -> None:
    put(tmp_path, {IMAGE: None, "bold.json": {"a": 1, "b": 1}, "task-rest_bold.json": {"a": 2}})
    assert metadata(tmp_path) == {"a": 2, "b": 1}
    (found,) = scanning.scan(tmp_path).findings
    assert (found.code, found.path) == ("sidecars-compete", "task-rest_bold.json")


def test_a_sidecar_serves_tables_too_and_has_no_metadata_itself(tmp_path: Path) -> None:
    put(tmp_path, {"participants.tsv": None, "participants.json": {"age": {"Units": "year"}}})
    assert metadata(tmp_path, "participants.tsv") == {"age": {"Units": "year"}}
    assert metadata(tmp_path, "participants.json") == {}


def test_the_table_for_other_programs_has_a_column_for_each_entity(tmp_path: Path) -> None:
    put(tmp_path, {IMAGE: None, "task-rest_bold.json": {"a": 1}, "README": None})
    table = scanning.scan(tmp_path).arrow().to_pylist()
    image = next(row for row in table if row["path"] == IMAGE)
    assert (image["sub"], image["run"], image["suffix"], image["metadata"]) == ("1", "1", "bold", '{"a":1}')
    assert [row["path"] for row in table] == ["README", IMAGE, "task-rest_bold.json"]
    assert scanning.scan(tmp_path / "nowhere").arrow().num_rows == 0
