"""A small demo registry, made by the commands themselves."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.shell import shell
from tests.support.templates.once import made_once

DEMO = "--persons 4 --no-train"
"""Of `cohortium demo`, as in the pages' scripts."""


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `build/demo` is a small demo, as `make demo` leaves it without the training; for copies."""
    return made_once(tmp_path_factory, "readme", _make)


@pytest.fixture(scope="session")
def place(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of `demo` in which tests of one process work, one after the other."""
    folder = tmp_path_factory.mktemp("readme") / "copy"
    shutil.copytree(demo, folder, symlinks=True)
    yield folder
    remove(folder)


def remove(folder: Path) -> None:
    """Delete a folder with annexed content, which nobody may write."""
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").write_text("")
    (folder / "training").symlink_to(ROOT / "training")
    shell(f"cohortium demo build/demo {DEMO}", folder)
