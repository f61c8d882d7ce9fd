"""Wall seconds, processor seconds and peak memory of a piece of work, as the operating system counts them."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path("build/benchmarks")


def command(words: Sequence[str], runs: int = 1) -> dict[str, Any]:
    """The wall seconds of each run of a command, and the peak resident memory of its largest process in MiB."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        seconds.append(round(time.perf_counter() - start, 3))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"command": list(words), "seconds": seconds, "peak_mib": round(peak)}


def call(work: Callable[[], Any], runs: int = 1) -> dict[str, Any]:
    """The wall seconds and this process's processor seconds of each call of a function.

    On a machine with other users, processor seconds compare better.
    """
    seconds, processor = [], []
    for _ in range(runs):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        seconds.append(round(time.perf_counter() - start, 4))
        processor.append(round(time.process_time() - cpu, 4))
    return {"seconds": seconds, "cpu_seconds": processor}


def apart(module: str, *words: str) -> dict[str, Any]:
    """The JSON that `python -m module words` prints on its last line, from a process of its own."""
    done = subprocess.run([sys.executable, "-m", module, *words], check=True, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def peak_mib() -> int:
    """The peak resident memory of this process since its program began; getrusage would count its parent's too."""
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return round(int(line.split()[1]) / 1024)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def machine() -> dict[str, Any]:
    """The machine on which the numbers were measured."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def save(name: str, result: Mapping[str, Any]) -> None:
    """Write `build/benchmarks/<name>.json` and print it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"benchmark": name, "machine": machine(), **result}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")
