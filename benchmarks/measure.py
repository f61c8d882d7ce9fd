"""Time a piece of work in a process of its own: wall seconds and peak memory, as the operating system counts them."""

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
    """Run a command and return its wall seconds (each run) and peak resident memory in MiB (largest process)."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        seconds.append(round(time.perf_counter() - start, 3))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"command": list(words), "seconds": seconds, "peak_mib": round(peak)}


def call(work: Callable[[], Any], runs: int = 1) -> dict[str, Any]:
    """Call a function and return its wall seconds, each run."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        seconds.append(round(time.perf_counter() - start, 4))
    return {"seconds": seconds}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def save(name: str, result: Mapping[str, Any]) -> None:
    """Write `build/benchmarks/<name>.json` and print it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"benchmark": name, "machine": machine(), **result}, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n")
    sys.stdout.write(text + "\n")
