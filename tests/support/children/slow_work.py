"""Work for workers to import: slow enough that they get their share of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def pid(_: int) -> int:
    """Who did it."""
    time.sleep(0.02)
    return os.getpid()


def closure(item: int) -> Callable[[], int]:
    """An answer that no pickle takes."""
    time.sleep(0.005)
    return lambda: item
