"""A staged change on disk: its plan, and its files on their way into the registry and back.

Every step can be repeated after its process died: no byte is ever in fewer than one place.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.bids.walk import list_all
from registry.files.canonical import canonical_json


@dataclass(frozen=True)
class Plan:
    """The plan of a staged change; on disk as `plan.json` beside the staged tree.

    Attributes:
        files: facts of each file that changes.
        payload: facts for the event.
    """

    files: tuple[Mapping[str, Any], ...]
    payload: Mapping[str, Any]

    @property
    def paths(self) -> list[str]:
        """Every path that changes, sorted by bytes."""
        return [str(file["path"]) for file in self.files]


@dataclass(frozen=True)
class Staging:
    """The folder of one change below `.cohortium/staging`: `tree/` (new files), `backup/` (replaced ones), the plan."""

    root: Path
    folder: Path

    @property
    def tree(self) -> Path:
        """The folder of new files, laid out as in the registry."""
        return self.folder / "tree"

    @property
    def has_plan(self) -> bool:
        """Whether the change is complete on disk and was not taken back."""
        return (self.folder / "plan.json").exists()

    def paths(self) -> list[str]:
        """Every file in the tree, links included, sorted by bytes."""
        return sorted(list_all(self.tree), key=os.fsencode)

    def write_plan(self, plan: Plan) -> None:
        """Write the plan, and wait until it and all its files are on the disk."""
        for name in plan.paths:
            _sync(self.tree / name)
        path = self.folder / "plan.json"
        path.write_bytes(canonical_json({"files": plan.files, "payload": plan.payload}))
        _sync(path)

    def read_plan(self) -> Plan:
        """The plan that was written."""
        raw = json.loads((self.folder / "plan.json").read_bytes())
        return Plan(tuple(raw["files"]), raw["payload"])

    def forget_plan(self) -> None:
        """Remove the plan: from here on, every process takes the change as withdrawn."""
        (self.folder / "plan.json").unlink(missing_ok=True)

    def move_in(self, paths: Sequence[str]) -> None:
        """Move staged files into the registry; files that have already moved are skipped."""
        for path in paths:
            staged, place, backup = self._places(path)
            if not os.path.lexists(staged):
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(place) and not os.path.lexists(backup):
                backup.parent.mkdir(parents=True, exist_ok=True)
                os.link(place, backup, follow_symlinks=False)
            os.replace(staged, place)

    def move_back(self, paths: Sequence[str]) -> None:
        """Undo `move_in`: new files return to the tree, replaced ones to the registry, new folders vanish."""
        for path in paths:
            staged, place, backup = self._places(path)
            if not os.path.lexists(staged):
                os.replace(place, staged)
            if os.path.lexists(backup):
                os.replace(backup, place)
            _remove_empty(place.parent, self.root)

    def discard(self) -> None:
        """Remove the folder; files that cannot be removed now are left to the doctor."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _places(self, path: str) -> tuple[Path, Path, Path]:
        return self.tree / path, self.root / path, self.folder / "backup" / path


def _remove_empty(folder: Path, root: Path) -> None:
    """Remove a folder and its parents below `root`, as long as they are empty."""
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
