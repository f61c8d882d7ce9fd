"""Work on many files with all cores: the same answers in the same order, and the same first error, as a plain loop.

Workers are fresh programs (`python -m registry.files.parallel`), not forks: a fork would inherit the registry's locks
and the threads of the app, and outlive a parent that was killed. A worker ends when its input does, so it never
outlives its parent. The caller works too, so that nothing waits while the workers start.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")

FEWEST = 1500
"""Fewer small files are read sooner (0.3 ms each) than a worker has started and loaded its libraries (0.3 s)."""

_CHUNK = 64

_PORTIONS, _HEAVY_PORTIONS = 4, 256
"""The least number of chunks for each core. Where each item takes long there are hundreds, down to one item a chunk, so
that answers, and the progress that is reported with them, come as they are made."""


def cores_here() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_files(
    work: Callable[[Item], Answer], items: Sequence[Item], *, cores: int | None = None, heavy: bool = False
) -> Iterator[Answer]:
    """Answers in the order of the items; the first item, in that order, whose work raises ends the answers.

    Args:
        work: a function of a module (or a `functools.partial` of one), so that a worker can import it.
        items: what to work on; items and answers are pickled.
        cores: processes, this one included; by default one for each core.
        heavy: each item is worth a worker's start (large images), however few there are.
    """
    cores = min(cores or cores_here(), len(items))
    if cores < 2 or (len(items) < FEWEST and not heavy):
        yield from map(work, items)
        return
    size = max(1, min(_CHUNK, len(items) // (cores * (_HEAVY_PORTIONS if heavy else _PORTIONS))))
    board = _Board(work, [list(items[start : start + size]) for start in range(0, len(items), size)])
    threads = [threading.Thread(target=_serve, args=(board,), daemon=True) for _ in range(cores - 1)]
    for thread in threads:
        thread.start()
    try:
        for number in range(len(board.chunks)):
            answers, error = board.answer(number)
            yield from answers
            if error is not None:
                raise error
    finally:
        board.stop()
        for thread in threads:
            thread.join()


Outcome = tuple[list[Any], Exception | None]


@dataclass
class _Board:
    """Chunks to do and their outcomes, shared by the caller and the threads that feed the workers."""

    work: Callable[[Any], Any]
    chunks: list[list[Any]]
    taken: int = 0
    done: dict[int, Outcome] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self) -> int | None:
        with self.changed:
            if self.taken >= len(self.chunks):
                return None
            self.taken += 1
            return self.taken - 1

    def put(self, number: int, outcome: Outcome) -> None:
        with self.changed:
            self.done[number] = outcome
            self.changed.notify_all()

    def answer(self, number: int) -> Outcome:
        """The outcome of one chunk; until it is there, the caller does chunks itself."""
        while number not in self.done and (other := self.take()) is not None:
            self.put(other, run(self.work, self.chunks[other]))
        with self.changed:
            self.changed.wait_for(lambda: number in self.done)
        return self.done.pop(number)

    def stop(self) -> None:
        """End every worker, also one that is still starting or busy, and take no further chunk."""
        with self.changed:
            self.taken = len(self.chunks)
            for worker in self.workers:
                worker.kill()


def run(work: Callable[[Any], Any], chunk: Sequence[Any]) -> Outcome:
    """Answers up to the first error, and that error."""
    answers: list[Any] = []
    try:
        for item in chunk:
            answers.append(work(item))
    except Exception as error:  # noqa: BLE001 - raised again by the caller, in its turn
        return answers, error
    return answers, None


def _serve(board: _Board) -> None:
    """Feed one worker from when it is ready; this process does what the worker cannot do because it died."""
    with suppress(OSError):
        worker = _start(board)
        if _ask(worker, board.work):
            while (number := board.take()) is not None:
                board.put(number, _ask(worker, board.chunks[number]) or run(board.work, board.chunks[number]))
        worker.kill()
        worker.communicate()


def _start(board: _Board) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([home, *sys.path])}
    with board.changed:
        worker = subprocess.Popen(
            [sys.executable, "-m", "registry.files.parallel"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        board.workers.append(worker)
        return worker


def _ask(worker: subprocess.Popen[bytes], question: Any) -> Any:
    """The worker's answer, or None when it is gone."""
    if worker.stdin is None or worker.stdout is None:
        return None
    try:
        pickle.dump(question, worker.stdin)
        worker.stdin.flush()
        return pickle.load(worker.stdout)
    except Exception:  # noqa: BLE001 - the worker died, or its answer cannot be pickled: this process does the work
        return None


def main() -> None:
    """Run as a worker: read the work and answer True, then read chunks and write outcomes until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    work = pickle.load(sys.stdin.buffer)
    answer: Any = True
    with suppress(EOFError):
        while True:
            pickle.dump(answer, answers)
            answers.flush()
            answer = run(work, pickle.load(sys.stdin.buffer))


if __name__ == "__main__":
    main()
