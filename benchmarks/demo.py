"""Wall time and peak memory of `cohortium demo`, training included."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks import measure


def run() -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "registry", "demo", str(Path(folder) / "demo")]
        measure.save("demo", measure.command(words))
