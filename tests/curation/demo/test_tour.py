"""`cohortium demo` writes over nothing that it did not make, and says where a finished demo lies today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.demo import texts, tour
from registry.errors import CohortiumError, InvalidInput, UsageError

FILES = ("scan.nii.gz", "dataset_description.json")


def start(root: Path, persons: int = 1) -> dict[str, str]:
    return tour.run(root, lambda _: None, tour.Tour(persons=persons, config=None))


def occupied(folder: Path, description: str) -> dict[str, bytes]:
    folder.mkdir()
    (folder / FILES[0]).write_bytes(b"somebody's")
    (folder / FILES[1]).write_text(description)
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.parametrize(
    "description", ['{"Name": "Ours"}', '{"GeneratedBy": [{"Name": "Cohortium"}]}', "[1]", "no JSON"]
)
def test_a_folder_of_somebody_else_beside_the_demo_is_kept(tmp_path: Path, description: str) -> None:
    """A hospital's `study-delivery` lies where the demo `study` would write its own."""
    before = occupied(tmp_path / "study-delivery", description)
    with pytest.raises(InvalidInput, match="where something else lies") as refused:
        start(tmp_path / "study")
    assert refused.value.hint
    assert {name: (tmp_path / "study-delivery" / name).read_bytes() for name in FILES} == before
    assert not (tmp_path / "study").exists()


def test_a_mistake_in_the_demo_s_settings_removes_nothing(tmp_path: Path) -> None:
    before = occupied(tmp_path / "study-delivery", json.dumps(texts.RAW_DESCRIPTION))
    with pytest.raises(UsageError, match="cannot have 0 persons"):
        start(tmp_path / "study", persons=0)
    assert {name: (tmp_path / "study-delivery" / name).read_bytes() for name in FILES} == before


def test_a_place_where_nothing_can_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CohortiumError, match="cannot be made: Not a directory") as refused:
        start(tmp_path / "file" / "study")
    assert refused.value.hint


def test_a_finished_demo_that_was_moved_says_where_it_is_now(tmp_path: Path) -> None:
    (tmp_path / "new" / ".cohortium").mkdir(parents=True)
    before = {
        "registry": "/old/demo",
        "snapshot": "ab12",
        "run": "r1",
        "report": "/old/demo/.cohortium/runs/r1/report.html",
    }
    (tmp_path / "new" / ".cohortium" / "demo.json").write_text(json.dumps(before))
    assert start(tmp_path / "new") == {
        "registry": str(tmp_path / "new"),
        "snapshot": "ab12",
        "run": "r1",
        "report": str(tmp_path / "new" / ".cohortium/runs/r1/report.html"),
    }
