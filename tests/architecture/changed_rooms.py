"""Print the tests of the rooms that differ from the branch `main`: `python -m tests.architecture.changed_rooms`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.support import ROOT

ALWAYS = "tests/architecture"
MANY = ("tests", "tests/registry", "tests/curation", "tests/annotation", "tests/training")
"""Folders that hold many rooms: no change asks for one as a whole."""

WHOLE_LINE = ("tests/e2e", "tests/support")
"""Left to `make test`: the whole line, and helpers that every room uses."""


def changed_paths(base: str = "main") -> list[str]:
    """Paths that were changed, committed or not, since this branch left `base`; new files too."""
    start = _git("merge-base", "HEAD", base) or ["HEAD"]
    return [*_git("diff", "--name-only", start[0]), *_git("ls-files", "--others", "--exclude-standard")]


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def find_tests(paths: Iterable[str]) -> list[str]:
    """The folders and files of tests that mirror changed files; those of the house come always.

    The tests of `registry/cohorts/splits.py` are `tests/registry/cohorts`. A module that lies beside the rooms, such as
    `registry/runs.py`, has a file, `tests/registry/test_runs.py`. A changed test stands for itself.
    """
    found = {ALWAYS, *(test for path in paths if (test := _mirror(Path(path))))}
    return sorted(test for test in found if not {parent.as_posix() for parent in Path(test).parents} & found)


def _mirror(path: Path) -> str | None:
    in_tests = path.parts[0] == "tests"
    above = path.parents if in_tests else [Path("tests") / folder for folder in path.parents]
    room = next(folder for folder in above if (ROOT / folder).is_dir())
    alone = path if in_tests else room / f"test_{path.name}"
    if (in_tests or room.as_posix() in MANY) and alone.name.startswith("test_") and (ROOT / alone).is_file():
        room = alone
    left_out = room.as_posix() in MANY or room.is_relative_to(WHOLE_LINE[0]) or room.is_relative_to(WHOLE_LINE[1])
    return None if left_out else room.as_posix()


if __name__ == "__main__":
    print(*find_tests(changed_paths()))
