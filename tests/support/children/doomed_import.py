"""The process of an import that pauses, fails or dies at a step: `python doomed_import.py STEP ROOT ID`.

A paused one goes on when the file `go` lies beside the registry.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curation.imports import delivery
from registry.errors import StorageError
from registry.publishing import change, staging
from registry.work import process, rows

DEATHS: dict[str, tuple[Any, str, str]] = {
    "begun": (rows, "note", "before"),
    "staged": (delivery, "_keep_report", "after"),
    "planned": (staging.Staging, "write_plan", "after"),
    "moving": (staging.os, "replace", "after"),
    "recorded": (change, "_record", "after"),
    "committing": (process, "commit_pending", "before"),
}
"""Name of a step to the owner and the name of the function at whose first call the process dies, and when."""

CHANGED = ("moving", "recorded", "committing")
"""Steps after which the import is in the registry, or is completed by whoever writes next."""


def main(step: str, root: str, work_id: str) -> None:
    """Do the import, with one function replaced."""
    owner, name, when = DEATHS.get(step, (delivery, "_keep_report", "before"))
    whole = getattr(owner, name)
    does = {"pause": lambda: pause(Path(root).parent / "go"), "fail": fail, "break": break_down}.get(step, die)
    setattr(owner, name, replaced(whole, does, when))
    process.main([root, work_id])


def replaced(whole: Callable[..., Any], does: Callable[[], None], when: str) -> Callable[..., Any]:
    """The function, with something before or after it."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            does()
        result = whole(*args, **kwargs)
        if when == "after":
            does()
        return result

    return wrapped


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise StorageError("The disk is full.", "Free space.")


def break_down() -> None:
    raise RuntimeError("kaboom")


def pause(go: Path) -> None:
    go.with_name("paused").touch()
    while not go.exists():
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
