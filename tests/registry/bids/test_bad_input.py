"""A table of bad input and the answer to it: one sentence or one finding each, nothing lost, nothing that hangs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.bids.filenames import parse_name
from registry.bids.sidecars import read_document
from registry.bids.walk import list_tree, walk
from registry.errors import InvalidInput
from registry.index import facts

GOOD = "sub-1/anat/sub-1_T1w.nii.gz"


def make(root: Path, path: str, content: bytes = b"") -> Path:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def looped(root: Path) -> None:
    (root / "sub-1/anat/sub-1_FLAIR.nii.gz").symlink_to("sub-1_FLAIR.nii.gz")


def linked_to_its_parent(root: Path) -> None:
    (root / "sub-1/anat/round").symlink_to("../..")


def linked_subject(root: Path) -> None:
    (root / "sub-2").symlink_to("sub-1")


def undecodable(root: Path) -> None:
    make(root, os.fsdecode(b"sub-1/anat/sub-1_\xff_T1w.nii.gz"))


def with_line_break(root: Path) -> None:
    make(root, "sub-1/anat/sub-1_\n_T1w.nii.gz")


def a_pipe(root: Path) -> None:
    os.mkfifo(root / "sub-1/anat/sub-1_T2w.nii.gz")


def closed_folder(root: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read every folder")
    (root / "sub-3").mkdir(mode=0)


@pytest.mark.parametrize(
    ("spoil", "code", "sentence"),
    [
        (looped, "not-a-file", "sub-1_FLAIR.nii.gz is no readable file (Too many levels of symbolic links)."),
        (linked_to_its_parent, "link-to-folder", "sub-1/anat/round is a link to a folder."),
        (linked_subject, "link-to-folder", "sub-2 is a link to a folder."),
        (undecodable, "name-unprintable", r"sub-1_\udcff_T1w.nii.gz holds characters that cannot be printed."),
        (with_line_break, "name-unprintable", r"sub-1_\n_T1w.nii.gz holds characters that cannot be printed."),
        (a_pipe, "not-a-file", "sub-1_T2w.nii.gz is no readable file (a pipe, a socket or a device)."),
        (closed_folder, "folder-unreadable", "sub-3/ cannot be listed (Permission denied)."),
    ],
)
def test_a_tree_with_one_bad_entry_is_listed_without_it_and_refused_by_the_registry(
    tmp_path: Path, spoil: Callable[[Path], None], code: str, sentence: str
) -> None:
    make(tmp_path, GOOD)
    spoil(tmp_path)
    tree = list_tree(tmp_path)
    assert [found.path for found in tree.files] == [GOOD]
    assert [finding.code for finding in tree.findings] == [code]
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        walk(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{\xff}", "'utf-8' codec can't decode byte 0xff"),
        (b"{", "Expecting property name"),
        (b'{"EchoTime": NaN}', "NaN is not a JSON value; use null"),
        (b"[" * 100_000, "nested too deep"),
        (b"", "Expecting value"),
    ],
)
def test_a_sidecar_nobody_can_read_is_refused_by_the_registry_and_empty_for_pybids(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    sidecar = make(tmp_path, "T1w.json", content)
    with pytest.raises(InvalidInput, match=r"T1w\.json is not readable JSON") as refusal:
        facts.read(tmp_path, "T1w.json")
    assert refusal.value.hint.startswith(problem)
    assert read_document(str(sidecar)) == {}


def test_json_that_is_no_object_is_no_sidecar(tmp_path: Path) -> None:
    sidecar = make(tmp_path, "T1w.json", b"[1]")
    assert read_document(str(sidecar)) == {}


def test_a_sidecar_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    make(tmp_path, "T1w.json", b'\xef\xbb\xbf{"a": 1}')
    assert facts.read(tmp_path, "T1w.json").facts == {"json": {"a": 1}}


def test_names_with_spaces_and_accents_are_kept_as_they_are(tmp_path: Path) -> None:
    names = ["sub-1/anat/sub-1_T1w copy.nii.gz", "sub-1/anat/sub-Jürgen_T1w.nii.gz", "sub-é/x y.txt"]
    for name in names:
        make(tmp_path, name)
    assert [found.path for found in walk(tmp_path)] == sorted(names)
    assert not any(parse_name(name.rpartition("/")[2]).entities for name in names)  # no BIDS names, and still listed
    assert not list_tree(tmp_path).findings


@pytest.mark.parametrize("other", ["sub-1_t1w.nii.gz", "SUB-1_T1W.nii.gz"])
def test_two_files_that_differ_by_case_are_both_listed_and_named(tmp_path: Path, other: str) -> None:
    make(tmp_path, GOOD)
    make(tmp_path, f"sub-1/anat/{other}")
    assert [finding.code for finding in list_tree(tmp_path).findings] == ["names-collide"]
    assert len(walk(tmp_path)) == 2


def test_two_accent_forms_of_one_name_are_named(tmp_path: Path) -> None:
    make(tmp_path, "sub-1/é.txt")
    make(tmp_path, "sub-1/e\u0301.txt")
    assert [finding.code for finding in list_tree(tmp_path).findings] == ["names-collide"]


def test_a_link_that_leads_nowhere_is_a_row_without_content_and_named_when_it_is_read(tmp_path: Path) -> None:
    place = make(tmp_path, GOOD)
    place.unlink()
    place.symlink_to("../../.git/annex/objects/x")
    assert walk(tmp_path) == [(GOOD, -1, -1)]
    with pytest.raises(InvalidInput, match=f"The content of {GOOD} is not on this machine"):
        facts.read(tmp_path, GOOD)


def test_folders_that_are_not_the_registrys_are_passed_over(tmp_path: Path) -> None:
    for path in ("sourcedata/x.txt", "code/y.py", ".git/z", "logs/e", "sub-1/.hidden", "code/registry/queries/q.json"):
        make(tmp_path, path)
    make(tmp_path, "README")
    assert [found.path for found in walk(tmp_path)] == ["README", "code/registry/queries/q.json"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("participants.tsv", b"participant_id\nsub-\xff\n", "participants.tsv is not a readable table."),
        ("participants.tsv", b"participant_id\nsub-1\nsub-1\n", "participants.tsv is not a readable table."),
        ("participants.tsv", b"participant_id\tage\nsub-1\n", "participants.tsv is not a readable table."),
        ("T1w.json", b"{\xff}", "T1w.json is not readable JSON."),
        ("sub-1/anat/sub-1_T1w.nii.gz", b"\x1f\x8b", "sub-1_T1w.nii.gz is not a NIfTI image."),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    make(tmp_path, name, content)
    with pytest.raises(InvalidInput, match=re.escape(sentence)):
        facts.read(tmp_path, name)
