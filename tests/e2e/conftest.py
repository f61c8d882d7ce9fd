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


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder where `build/demo` is a small demo registry, as `make demo` leaves it, without the training."""
    folder = tmp_path_factory.mktemp("readme") / "copy"
    shutil.copytree(made_once(tmp_path_factory, "readme", _make), folder, symlinks=True)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path) -> None:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").write_text("")
    (folder / "training").symlink_to(ROOT / "training")
    shell("cohortium demo build/demo --persons 6 --no-train", folder)
