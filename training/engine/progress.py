"""Progress lines: one JSON object a line, flushed at once, so that others can follow and a kill loses little."""

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
    """Collects the steps of an epoch and writes them as one line to `progress.jsonl`.

    The keys of a line: `epoch`, `step` (in all), `loss` (mean since the last line), `lr`, `seconds` (in steps),
    `data_s` (the part of them that went into making batches), `elapsed_s`, `memory_mb` (peak), `validation_dice`,
    `per_class`.
    """

    def __init__(self, path: Path, device: torch.device) -> None:
        self._path, self._device = path, device
        self._rows: list[tuple[float, float, float, float]] = []

    def add(self, loss: float, lr: float, data_s: float, step_s: float) -> None:
        """Collect one step.

        Args:
            loss: of the batch.
            lr: learning rate.
            data_s: seconds spent on making the batch.
            step_s: seconds of the whole step.
        """
        self._rows.append((loss, lr, data_s, step_s))

    def line(self, counters: Counters, dice: float | None, per_class: list[float | None]) -> None:
        """Write the line of an epoch and forget its steps.

        Args:
            counters: where the run is.
            dice: mean foreground Dice on the validation part, or None where it was not measured.
            per_class: Dice of each foreground class; empty where it was not measured.
        """
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
    """Write one line at the end of a file; a line that a kill cut in half is closed first."""
    torn = path.is_file() and path.stat().st_size > 0 and not _ends_with_newline(path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(("\n" if torn else "") + json.dumps(entry, sort_keys=True, allow_nan=False) + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """The epochs of a run in order; lines that a kill cut in half are skipped.

    A resumed run may have done an epoch again, and the last epoch may have been measured in a line of its own. So a
    later line of the same epoch and step completes the earlier one; of another step, it replaces it.
    """
    epochs: dict[int, dict[str, Any]] = {}
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            entry = json.loads(text)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("event") == "epoch":
            before = epochs.get(int(entry["epoch"]), {})
            added = {key: value for key, value in entry.items() if value or key not in before}
            epochs[int(entry["epoch"])] = {**before, **added} if before.get("step") == entry.get("step") else entry
    return [epochs[number] for number in sorted(epochs)]


def peak_memory_mb(device: torch.device) -> int:
    """Peak memory in MiB: that of a GPU where one is used, else that of the process."""
    if device.type == "cuda":
        import torch  # pages read progress, and start without torch

        return int(torch.cuda.max_memory_allocated(device) >> 20)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit >> 20)


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        return stream.read(1) == b"\n"
