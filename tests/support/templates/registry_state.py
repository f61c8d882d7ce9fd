"""What a registry is, for comparing: every file with its checksum, every row of every table."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from registry.files.canonical import canonical_json, sha256_file
from registry.maintenance import rebuild, status, validation
from registry.publishing.git import run_git
from registry.store import Registry
from registry.tables import Table

WORK = ("work",)
"""The table of what this machine does and did, which is nothing that the registry holds."""

LEDGER = ("event", "intent", "setting")
"""Tables that tell how the registry came to be, not what it holds."""


def files(root: Path) -> dict[str, str]:
    """Every path of the dataset (folders too) to its checksum; `.git` and `.cohortium` left out."""
    found: dict[str, str] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", ".cohortium")]
        for name in [*folders, *names]:
            place = Path(folder) / name
            found[place.relative_to(root).as_posix()] = "" if place.is_dir() else sha256_file(place)
    return found


def rows(registry: Registry, without: Collection[str] = (), drop: Collection[str] = ()) -> dict[str, list[str]]:
    """Every table as sorted lines of canonical JSON; `drop` names columns that are left out."""
    dump: dict[str, list[str]] = {}
    with registry.engine.connect() as connection:
        for name, table in Table.metadata.tables.items():
            if name not in without:
                lines = (dict(row._mapping) for row in connection.execute(table.select()))
                dump[name] = sorted(_line(line, drop) for line in lines)
    return dump


def _line(row: dict[str, Any], drop: Collection[str]) -> str:
    return canonical_json({key: value for key, value in row.items() if key not in drop}).decode()


def everything(registry: Registry) -> tuple[dict[str, str], dict[str, list[str]], list[str]]:
    """Files, rows but those of work, and what lies in the staging folder."""
    staging = registry.local / "staging"
    return files(registry.root), rows(registry, WORK), sorted(os.listdir(staging)) if staging.exists() else []


def uncommitted(registry: Registry) -> str:
    """What `git status` would print; empty when everything is committed."""
    return run_git(registry.root, "status", "--porcelain", "--untracked-files=all")


def require_settled(registry: Registry) -> None:
    """Nothing waits, git has everything, no check finds an error, and a rebuild gives the rows that are there."""
    assert uncommitted(registry) == ""
    assert status.status(registry)["waiting"] == 0
    assert validation.validate(registry, bids=False).errors == []
    live = rows(registry, without=LEDGER)
    rebuild.rebuild(registry)
    assert rows(registry, without=LEDGER) == live
    assert list((registry.local / "staging").glob("*")) == []


def run_together(scripts: Collection[Sequence[str]]) -> None:
    """Run Python scripts with their arguments at once, to their end; each has to end well."""
    children = [subprocess.Popen([sys.executable, *script], stderr=subprocess.PIPE) for script in scripts]
    try:
        for child in children:
            _, printed = child.communicate()
            assert child.returncode == 0, printed.decode()
    finally:
        kill_groups(children)


def kill_groups(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Let none of the processes a test started outlive it."""
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()
