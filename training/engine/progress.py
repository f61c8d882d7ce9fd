"""Progress lines: one JSON object a line, flushed at once, so that a watcher can follow and a kill loses little."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from training.engine.state import Counters


class Meter:
    """Collects steps and writes one line per epoch to `progress.jsonl`.

    Line: `epoch`, `step` (in all), `loss` (mean since the last line), `lr`, `data_s` (share of the time spent on
    making batches), `seconds` (in steps), `elapsed_s`, `memory_mb` (peak), `validation_dice`, `per_class`.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self._path, self._device = path, device
        self._rows: list[tuple[float, float, float, float]] = []

    def add(self, loss: float, lr: float, data_s: float, step_s: float) -> None:
        """One step."""
        self._rows.append((loss, lr, data_s, step_s))

    def line(self, counters: Counters, dice: float | None, per_class: list[float | None]) -> None:
        """Write what was collected and forget it."""
        rows, count = self._rows, max(len(self._rows), 1)
        append(
            self._path,
            {
                "event": "epoch",
                "epoch": counters.epoch,
                "step": counters.steps,
                "loss": sum(row[0] for row in rows) / count if rows else None,
                "lr": rows[-1][1] if rows else None,
                "data_s": round(sum(row[2] for row in rows), 4),
                "seconds": round(sum(row[3] for row in rows), 4),
                "elapsed_s": round(counters.elapsed_s, 3),
                "memory_mb": peak_memory_mb(self._device),
                "validation_dice": dice,
                "per_class": per_class,
            },
        )
        self._rows = []


def append(path: Path, entry: dict[str, Any]) -> None:
    """One line at the end of a file; a line that a kill cut in half is closed first."""
    torn = path.is_file() and path.stat().st_size > 0 and not _ends_with_newline(path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("\n" if torn else "") + json.dumps(entry, sort_keys=True, allow_nan=False) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """The epochs of a run in order; torn lines are skipped.

    A resumed run may have done an epoch again, and the last epoch may have been measured in a line of its own: later
    lines complete earlier ones of the same step.
    """
    epochs: dict[int, dict[str, Any]] = {}
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            entry = json.loads(text)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("event") == "epoch":
            before = epochs.get(int(entry["epoch"]), {})
            told = {key: value for key, value in entry.items() if value or key not in before}
            epochs[int(entry["epoch"])] = {**before, **told} if before.get("step") == entry.get("step") else entry
    return [epochs[number] for number in sorted(epochs)]


def peak_memory_mb(device: torch.device) -> int:
    """Peak memory in MiB: of the device where it counts its own, else of the process."""
    if device.type == "cuda":
        import torch  # pages read progress, and start without torch

        return int(torch.cuda.max_memory_allocated(device) >> 20)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit >> 20)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) == b"\n"
