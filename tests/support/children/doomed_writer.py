"""A child process that kills itself at a chosen step: `python doomed_writer.py REGISTRY STEP [WORK]`.

Every step is a pair of a function and `before` or `after` one of its calls. Run it with the step `list` to learn
how many calls of each function one whole line (the work, then its commit) makes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from annotation.consensus import build
from registry import readings, snapshots
from registry.cohorts import exclusions, queries, splits
from registry.files import volumes
from registry.publishing import Change, commits, events, git, publish, staging
from registry.snapshots import targets
from registry.store import Registry, open_registry
from tests.support.cohorts import tiny_bids

MESSAGE = "A delivery by a process that dies"
SUBJECT = "sub-A007"

STEPS: dict[str, tuple[Any, str]] = {
    "fsync": (staging.os, "fsync"),
    "link": (staging.os, "link"),
    "move": (staging.os, "replace"),
    "plan": (staging.Staging, "write_plan"),
    "discard": (staging.Staging, "discard"),
    "transaction": (DefaultDialect, "do_commit"),
    "export": (events, "export"),
    "git": (git, "run_git"),
    "git commit": (git, "commit"),
}
"""Name of a step to the owner and the name of the function that performs it."""


def deliver(registry: Registry) -> None:
    """A new subject: files, and a row in a table that is there."""
    publish(registry, Change("import", MESSAGE, actor="mortal"), lambda tree: tiny_bids.write_cohort(tree, [SUBJECT]))


def read_again(registry: Registry) -> None:
    """The next revision of a reading, in place of the present one."""
    path = tiny_bids.reading_path("sub-A001", "e02")
    readings.accept(registry, tiny_bids.image_path("sub-A001"), "e01", volumes.load_labels(registry.root / path), "ms")


def agree(registry: Registry) -> None:
    """A consensus of every image that two raters read."""
    build.build(registry, "ms")


def freeze(registry: Registry) -> None:
    """A query, a split of its persons, and a snapshot: three changes."""
    queries.save(registry, "flair", "SELECT path FROM images WHERE suffix = 'FLAIR'")
    splits.create(registry, "parts", "flair")
    snapshots.create(registry, "flair", "parts", targets.parse_policy(["expert:e01"]))


def leave_out(registry: Registry) -> None:
    """An exclusion: a table that is replaced."""
    exclusions.exclude(registry, "sub-A002", "motion")


WORKS: dict[str, Callable[[Registry], None]] = {
    "import": deliver,
    "reading": read_again,
    "consensus": agree,
    "snapshot": freeze,
    "exclusion": leave_out,
}


def main(root: Path, step: str, work: str = "import") -> None:
    """Do a work and commit it, dying at `step`, for example `after move 3`."""
    registry = open_registry(root)
    _ = registry.writer  # chosen before anything is counted
    calls: Counter[str] = Counter()
    for name, (owner, function) in STEPS.items():
        setattr(owner, function, _watched(name, getattr(owner, function), calls, step))
    WORKS[work](registry)
    commits.commit_pending(registry)
    sys.stdout.write("\n".join(f"{name} {count}" for name, count in calls.items()))


def _watched(name: str, function: Callable[..., Any], calls: Counter[str], step: str) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[name] += 1
        number = calls[name]
        if step == f"before {name} {number}":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if step == f"after {name} {number}":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
