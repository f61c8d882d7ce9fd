"""A child process that kills itself at a chosen step: `python doomed_writer.py REGISTRY STEP`.

Every step is a pair of a function and `before` or `after` one of its calls. Run it with the step `list` to learn
how many calls of each function one whole line (publish, then commit) makes.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_bids
from sqlalchemy.engine.default import DefaultDialect

from registry import committing, events, staging, storage
from registry.publishing import Change, publish
from registry.store import open_registry

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
    "git": (storage, "run_git"),
    "git commit": (storage, "commit"),
}
"""Name of a step to the owner and the name of the function that performs it."""


def main(root: Path, step: str) -> None:
    """Publish one subject and commit it, dying at `step`, for example `after move 3`."""
    registry = open_registry(root)
    _ = registry.writer  # chosen before anything is counted
    calls: Counter[str] = Counter()
    for name, (owner, function) in STEPS.items():
        setattr(owner, function, _watched(name, getattr(owner, function), calls, step))
    publish(registry, Change("import", MESSAGE, actor="mortal"), lambda tree: tiny_bids.write_cohort(tree, [SUBJECT]))
    committing.commit_pending(registry)
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
    main(Path(sys.argv[1]), sys.argv[2])
