"""docs/second-machine.md runs as it stands: a clone of a bare remote is the same registry, and work comes back."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import snapshots
from registry.cohorts import exclusions
from registry.store import Registry, open_registry
from registry.tables import Table
from tests.e2e.conftest import DEMO, remove
from tests.support import ROOT
from tests.support.shell import shell

PAGE = ROOT / "docs" / "second-machine.md"
HERE_ALONE = ("intent", "setting", "work")
"""Tables of one machine."""
OF_DISK = ("intent_id", "mtime_ns")

IDENTITY = "export GIT_AUTHOR_NAME=Curator GIT_AUTHOR_EMAIL=c@example.invalid GIT_COMMITTER_NAME=Curator"
IDENTITY += " GIT_COMMITTER_EMAIL=c@example.invalid\n"
"""A machine that git has not been introduced to."""


@pytest.fixture(scope="module")
def machines(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which the first script ran, its first line replaced by a copy of the demo."""
    folder = tmp_path_factory.mktemp("machines")
    shutil.copytree(demo / "build/demo", folder / "build/first", symlinks=True)
    lines = scripts()[0].splitlines()
    assert lines[0] == f"cohortium demo build/first {DEMO}"
    shell(IDENTITY + "\n".join(lines[1:]), folder)
    yield folder
    remove(folder)


def scripts() -> list[str]:
    """The page's scripts in order."""
    return re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)


def rows(registry: Registry) -> dict[str, list[str]]:
    """Every row that the files and the event log state."""
    found: dict[str, list[str]] = {}
    with registry.engine.connect() as connection:
        for name, table in Table.metadata.tables.items():
            if name not in HERE_ALONE:
                lines = (dict(row._mapping) for row in connection.execute(table.select()))
                found[name] = sorted(_line(line) for line in lines)
    return found


def _line(row: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in row.items() if key not in OF_DISK}, sort_keys=True, default=str)


def test_a_clone_of_the_remote_is_the_same_registry(machines: Path) -> None:
    first, second = (open_registry(machines / "build" / name) for name in ("first", "second"))
    assert rows(second) == rows(first)
    for frozen in snapshots.list_snapshots(first):
        assert snapshots.verify(snapshots.get(second, frozen.snapshot_id), second).ok
        assert snapshots.create(second, frozen.query, frozen.split).snapshot_id == frozen.snapshot_id


def test_work_on_the_clone_comes_back(machines: Path) -> None:
    told = shell(IDENTITY + scripts()[1], machines)
    assert "P002" in told.splitlines()[-1]
    first, second = (open_registry(machines / "build" / name) for name in ("first", "second"))
    assert [(item.unit, item.rater_id) for item in exclusions.list_exclusions(first)] == [("P002", "e02")]
    before = rows(first)
    assert before["exclusion"] == rows(second)["exclusion"]
    shell("cohortium --registry build/first rebuild", machines)
    assert rows(first) == before
