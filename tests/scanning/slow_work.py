"""Work for workers to import: slow enough that they get their share of it."""

from __future__ import annotations

import os
import time


def pid(_: int) -> int:
    """Who did it."""
    time.sleep(0.02)
    return os.getpid()
