"""Many files over all cores: the same answers in the same order, and the same first error, as a plain loop.

Workers are fresh programs (`python -m registry.parallel`), not forks: a fork would inherit the registry's locks and
the threads of the app, and outlive a parent that was killed. A worker ends when its input does, so it never outlives
who started it. The caller works too, so that nothing waits while the workers start.
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

FEWEST = 256
"""Below so many items a worker's start costs more than it gives."""

_CHUNK = 64


def cores_here() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def mapped(
    work: Callable[[Item], Answer], items: Sequence[Item], *, cores: int | None = None, heavy: bool = False
) -> Iterator[Answer]:
    """Answers in the order of the items; the first item, in that order, whose work raises ends the answers.

    Args:
        work: a function of a module (or a `functools.partial` of one), so that a worker can import it.
        items: what to work on; items and answers are pickled.
        cores: processes, this one included; all there are by default.
        heavy: each item is worth a worker's start (large images), however few there are.
    """
    cores = min(cores or cores_here(), len(items))
    if cores < 2 or (len(items) < FEWEST and not heavy):
        yield from map(work, items)
        return
    size = max(1, min(_CHUNK, len(items) // (cores * 4)))
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
        while number not in self.done and (mine := self.take()) is not None:
            self.put(mine, run(self.work, self.chunks[mine]))
        with self.changed:
            self.changed.wait_for(lambda: number in self.done)
        return self.done.pop(number)

    def stop(self) -> None:
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
    """Feed one worker; what it cannot do (it died, it could not start), this process does."""
    worker = _start(board)
    while (number := board.take()) is not None:
        outcome = _ask(worker, board.work, board.chunks[number])
        board.put(number, outcome or run(board.work, board.chunks[number]))
    if worker:
        worker.kill()
        worker.communicate()


def _start(board: _Board) -> subprocess.Popen[bytes] | None:
    home = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([home, *sys.path])}
    with suppress(OSError), board.changed:
        worker = subprocess.Popen([sys.executable, "-m", "registry.parallel"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)  # fmt: skip
        board.workers.append(worker)
        return worker
    return None


def _ask(worker: subprocess.Popen[bytes] | None, work: Callable[[Any], Any], chunk: list[Any]) -> Outcome | None:
    if worker is None or worker.stdin is None or worker.stdout is None:
        return None
    try:
        pickle.dump((work, chunk), worker.stdin)
        worker.stdin.flush()
        outcome: Outcome = pickle.load(worker.stdout)
    except (OSError, EOFError, pickle.PickleError, AttributeError):
        return None
    return outcome


def main() -> None:
    """A worker: chunks in, outcomes out, until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    with suppress(EOFError):
        while True:
            work, chunk = pickle.load(sys.stdin.buffer)
            pickle.dump(run(work, chunk), answers)
            answers.flush()


if __name__ == "__main__":
    main()
