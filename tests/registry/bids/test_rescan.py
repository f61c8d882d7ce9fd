"""An incremental scan is a full scan: whatever was done to the tree in between."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import scanning
from benchmarks.scanning import Index

FOLDERS = ("", "sub-1", "sub-1/anat", "sub-1/ses-1/anat", "sub-2/anat", "derivatives/d", "derivatives/d/sub-1/anat")
NAMES = ("T1w.json", "T1w.nii.gz", "sub-1_T1w.json", "sub-1_T1w.nii.gz", "sub-1_run-1_T1w.nii.gz", "é b.txt")

places = st.tuples(st.sampled_from(FOLDERS), st.sampled_from(NAMES))
edits = st.one_of(
    st.tuples(st.just("write"), places, st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2)),
    st.tuples(st.just("spoil"), places, st.just(None)),
    st.tuples(st.just("remove"), places, st.just(None)),
    st.tuples(st.just("link"), places, st.sampled_from(["nowhere", "T1w.json", "."])),
    st.tuples(st.just("drop folder"), places, st.just(None)),
    st.tuples(st.just("rename"), places, st.sampled_from(NAMES)),
)


def apply(root: Path, what: str, where: tuple[str, str], content: Any) -> None:
    folder, name = root / where[0], where[1]
    place = folder / name
    if what in ("write", "spoil", "link"):
        folder.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
    if what == "write":
        place.write_text(json.dumps(content))
    elif what == "spoil":
        place.write_bytes(b"{\xff")
    elif what == "link":
        place.symlink_to(content)
    elif what == "remove":
        place.unlink(missing_ok=True)
    elif what == "drop folder" and where[0]:
        shutil.rmtree(folder, ignore_errors=True)
    elif what == "rename" and os.path.lexists(place):
        place.rename(folder / content)


def told(index: Index) -> tuple[Any, Any]:
    return index.rows, index.findings


def age(root: Path) -> None:
    """Make everything look old, so that times prove something."""
    long_ago = time.time_ns() - 60_000_000_000
    for folder, _, names in os.walk(root, topdown=False):
        for name in names:
            os.utime(Path(folder) / name, ns=(long_ago, long_ago), follow_symlinks=False)
        os.utime(folder, ns=(long_ago, long_ago))


@settings(max_examples=120, deadline=None)
@given(first=st.lists(edits, max_size=12), later=st.lists(st.lists(edits, max_size=4), max_size=3), aged=st.booleans())
def test_a_rescan_equals_a_scan_after_any_edits(first: list[Any], later: list[list[Any]], aged: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for edit in first:
            apply(root, *edit)
        if aged:
            age(root)
        index = scanning.scan(root)
        for edits_of_a_day in later:
            for edit in edits_of_a_day:
                apply(root, *edit)
            index = scanning.rescan(index)
            assert told(index) == told(scanning.scan(root))


def test_an_old_tree_that_did_not_change_gives_the_same_index(tmp_path: Path) -> None:
    apply(tmp_path, "write", ("sub-1/anat", "sub-1_T1w.json"), {"a": 1})
    age(tmp_path)
    index = scanning.scan(tmp_path)
    assert scanning.rescan(index) is index


def test_a_sidecar_rewritten_in_the_same_moment_with_the_same_size_is_read_again(tmp_path: Path) -> None:
    place = tmp_path / "T1w.json"
    (tmp_path / "sub-1_T1w.nii.gz").touch()
    place.write_text('{"a": 1}')
    moment = place.stat().st_mtime_ns
    index = scanning.scan(tmp_path)
    place.write_text('{"a": 2}')
    os.utime(place, ns=(moment, moment))
    assert {row.path: row.metadata for row in scanning.rescan(index).rows} == {
        "T1w.json": {},
        "sub-1_T1w.nii.gz": {"a": 2},
    }
