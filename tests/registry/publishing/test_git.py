"""git runs with this environment's programs, and leaves the environment of a long process as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry.publishing.git import create_dataset, run_git


def test_path_does_not_grow_with_every_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.environ["PATH"])
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        create_dataset(tmp_path / name)
        found.append(os.environ["PATH"])
    assert found[0] == found[1]
    assert len(set(found[0].split(os.pathsep))) == len(found[0].split(os.pathsep))


def test_git_annex_of_this_environment_is_found_before_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "git-annex"
    other.write_text("#!/bin/sh\necho another\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert run_git(tmp_path, "annex", "version", "--raw") != "another\n"
