"""What a path held before is found by its checksum, whether git or the annex keeps it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from registry.publishing import git_history
from registry.publishing.git import run_git

KEY = f"SHA256E-s3--{'a' * 64}.nii.gz"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A repository in which `a.txt` was written twice and deleted, and `b.nii.gz` is a link into the annex."""
    run_git(tmp_path, "init", "--quiet")
    for message in ("one", "two", "gone"):
        (tmp_path / "a.txt").write_text(message)
        if message == "gone":
            (tmp_path / "a.txt").unlink()
        if message == "two":
            (tmp_path / "b.nii.gz").symlink_to(f".git/annex/objects/x/y/{KEY}/{KEY}")
        run_git(tmp_path, "add", "--all")
        run_git(tmp_path, "-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "--quiet", "-m", message)
    return tmp_path


def test_states_come_newest_first_and_a_deletion_is_none(dataset: Path) -> None:
    found = git_history.revisions(dataset, ["a.txt", "b.nii.gz", "never.txt"])
    contents = git_history.blobs(dataset, [item.blob for items in found.values() for item in items])
    assert [contents[item.blob] for item in found["a.txt"]] == [b"two", b"one"]
    assert [item.annexed for item in found["b.nii.gz"]] == [True]
    assert git_history.key_of(contents[found["b.nii.gz"][0].blob]) == KEY
    assert found["never.txt"] == []


def test_a_state_is_known_by_its_checksum(dataset: Path) -> None:
    (_, first) = git_history.revisions(dataset, ["a.txt"])["a.txt"]
    (linked,) = git_history.revisions(dataset, ["b.nii.gz"])["b.nii.gz"]
    contents = git_history.blobs(dataset, [first.blob, linked.blob])
    assert git_history.matching(contents, first, hashlib.sha256(b"one").hexdigest())
    assert not git_history.matching(contents, first, hashlib.sha256(b"two").hexdigest())
    assert git_history.matching(contents, linked, "a" * 64)
    assert not git_history.matching(contents, linked, "b" * 64)


def test_an_object_that_git_does_not_have_is_left_out(dataset: Path) -> None:
    (newest, _) = git_history.revisions(dataset, ["a.txt"])["a.txt"]
    assert git_history.blobs(dataset, ["0" * 40, newest.blob, "f" * 40]) == {newest.blob: b"two"}
