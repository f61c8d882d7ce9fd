"""A kind of work that ends as its row says, for the laws of long work."""

from __future__ import annotations

import os
import signal
import sys
import time

from registry.errors import StorageError
from registry.files.progress import Progress
from registry.store import Registry
from registry.tables import Work
from registry.work.kinds import Kind


def _perform(registry: Registry, work: Work, progress: Progress) -> str | None:
    progress(1, 4, "steps")
    match work.inputs["end"]:
        case "well":
            return "made"
        case "refusal":
            raise StorageError("The disk is full.", "Free space.")
        case "fault":
            raise RuntimeError("kaboom")
        case "exit":
            sys.exit(0)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "vanish":
            os._exit(0)
    while True:
        progress(2, 4, "steps")
        time.sleep(0.05)


TRIAL = Kind("trial", "tests.support.work_kinds:TRIAL", _perform, again="Try {id} again.")
ALONE = Kind("alone", "tests.support.work_kinds:ALONE", _perform, alone=True)
