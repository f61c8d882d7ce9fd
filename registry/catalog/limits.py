"""The time and memory that a query may take before it is stopped, so that no query takes the whole machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from registry.errors import UsageError

SECONDS_ENVIRONMENT = "COHORTIUM_QUERY_SECONDS"
MEMORY_ENVIRONMENT = "COHORTIUM_QUERY_MB"

_SECONDS = 60
_LEAST_MB = 2_000
_MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of one query.

    Attributes:
        seconds: the time after which it is interrupted.
        memory_mb: the memory of the whole catalog while it works; nothing is written to disk instead.
        result_mb: the memory of its result.
    """

    seconds: float = _SECONDS
    memory_mb: int = _LEAST_MB
    result_mb: int = _LEAST_MB // 2


def read_limits() -> Limits:
    """The limits of this machine: a minute and a quarter of its memory, or what the environment says.

    Raises:
        UsageError: a variable is no whole number above zero.
    """
    seconds = _read_whole(SECONDS_ENVIRONMENT, _SECONDS)
    memory = _read_whole(MEMORY_ENVIRONMENT, max(_LEAST_MB, _machine_mb() // 4))
    return Limits(seconds, memory, max(1, memory // 2))


@contextmanager
def deadline(seconds: float, stop: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Call `stop` from another thread when the body takes longer; never after the body has ended.

    Yields:
        A function that says whether `stop` was called.
    """
    lock, called, ended = threading.Lock(), threading.Event(), threading.Event()

    def ring() -> None:
        with lock:
            if not ended.is_set():
                called.set()
                stop()

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield called.is_set
    finally:
        with lock:
            ended.set()
        timer.cancel()


def _read_whole(name: str, otherwise: int) -> int:
    text = os.environ.get(name)
    if not text:
        return otherwise
    if not text.isascii() or not text.isdecimal() or not int(text):
        raise UsageError(f"{name} is '{text}', which is no whole number above zero.", f"For example {otherwise}.")
    return int(text)


def _machine_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MB
