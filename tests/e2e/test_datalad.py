"""DataLad's own commands work on a registry as on any dataset, and leave `doctor` and `status` quiet."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.cohorts import exclusions
from registry.store import open_registry
from tests.e2e.conftest import remove
from tests.support import ROOT
from tests.support.shell import shell

PAGE = ROOT / "docs" / "second-machine.md"
CLEAN = "nothing to save, working tree clean"
IDENTITY = "export GIT_AUTHOR_NAME=Curator GIT_AUTHOR_EMAIL=c@example.invalid GIT_COMMITTER_NAME=Curator"
IDENTITY += " GIT_COMMITTER_EMAIL=c@example.invalid\n"


@pytest.fixture(scope="module")
def machines(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder in which the section's script ran on a copy of the demo, and what it printed."""
    folder = tmp_path_factory.mktemp("datalad")
    shutil.copytree(demo / "build/demo", folder / "build/first", symlinks=True)
    _, section = PAGE.read_text().split("## With DataLad's own commands")
    script = re.search(r"```bash\n(.*?)```", section, re.DOTALL)
    assert script
    yield folder, shell(IDENTITY + script[1], folder)
    remove(folder)


def run(folder: Path, command: str) -> str:
    return shell(IDENTITY + command, folder)


def is_quiet(folder: Path, name: str) -> bool:
    """Whether `doctor` mends and names nothing, and DataLad finds nothing to save."""
    told: dict[str, Any] = json.loads(run(folder, f"cohortium --registry build/{name} doctor --json"))
    return told == {"repairs": [], "outside": []} and CLEAN in run(folder, f"datalad status --dataset build/{name}")


def test_the_page_s_commands_leave_both_copies_quiet_and_valid(machines: tuple[Path, str]) -> None:
    folder, printed = machines
    assert printed.count(CLEAN) == 2
    for name in ("first", "third"):
        assert is_quiet(folder, name)
        assert json.loads(run(folder, f"cohortium --registry build/{name} validate --no-bids --json"))["ok"]


def test_siblings_are_listed_and_work_comes_back(machines: tuple[Path, str]) -> None:
    folder, printed = machines
    assert re.search(r"store\(.\) \[.*\(git\)\]", printed)
    first = open_registry(folder / "build/first")
    assert [(item.unit, item.rater_id) for item in exclusions.list_exclusions(first)] == [("P001", "e03")]


def test_content_that_is_dropped_and_fetched_again_needs_no_mending(machines: tuple[Path, str]) -> None:
    folder, _ = machines
    image = next(path for path in sorted((folder / "build/third").glob("sub-*/**/*.nii.gz")) if path.is_symlink())
    run(folder, f"datalad drop --dataset build/third {image}")
    assert not image.exists()
    assert is_quiet(folder, "third")
    run(folder, f"datalad get --dataset build/third {image}")
    assert image.exists()
    assert is_quiet(folder, "third")


def test_a_layout_in_the_cache_is_nothing_to_save(machines: tuple[Path, str]) -> None:
    folder, _ = machines
    run(folder, "cohortium --registry build/first layout")
    assert is_quiet(folder, "first")


def test_the_same_goes_for_a_bare_repository(machines: tuple[Path, str]) -> None:
    folder, _ = machines
    run(
        folder,
        """git init --quiet --bare build/bare.git && git -C build/bare.git annex init --quiet
datalad siblings --dataset build/first add --name bare --url "$PWD/build/bare.git"
datalad push --dataset build/first --to bare
datalad clone build/bare.git build/fourth
datalad get --dataset build/fourth build/fourth
cohortium --registry build/fourth rebuild""",
    )
    assert is_quiet(folder, "first")
    assert is_quiet(folder, "fourth")
