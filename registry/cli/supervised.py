"""Run a command that ends with the process that started it: the worker beside the app's server.

`python -m registry.cli.supervised PARENT WORD...` runs `cohortium WORD...`. SIGTERM, and the death of the process
PARENT, interrupt it as Ctrl+C does, so that a run in progress is noted as stopped.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

_PAUSE_S = 1.0
_GRACE_S = 10.0


@contextmanager
def attendant(words: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `cohortium WORDS` beside this block; it is stopped when the block ends, and killed when it does not stop."""
    command = [sys.executable, "-m", "registry.cli.supervised", str(os.getpid()), *words]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main(arguments: Sequence[str]) -> None:
    """Run the command of the child process, and watch its parent meanwhile."""
    parent, words = int(arguments[0]), list(arguments[1:])
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    try:
        sys.argv = ["cohortium", *words]
        runpy.run_module("registry", run_name="__main__")
    except KeyboardInterrupt:
        sys.exit(130)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PAUSE_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
