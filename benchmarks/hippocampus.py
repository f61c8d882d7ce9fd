"""Dice against training time on the real hippocampus data, with the configuration that comes with Cohortium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure

DATA = Path(os.environ.get("COHORTIUM_REALDATA", "../shared/data")) / "msd_hippocampus"
QUERY = "SELECT path FROM images WHERE suffix = 'T1w'"


def run() -> None:
    """Measure and save; where the data is absent, print a message instead."""
    if not DATA.is_dir():
        sys.stderr.write(f"hippocampus: no data at {DATA}; set COHORTIUM_REALDATA\n")
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = str(Path(folder) / "registry")
        _command("init", registry)
        _command("import", "decathlon", str(DATA), registry=registry)
        _command("query", "save", "all", "--sql", QUERY, registry=registry)
        _command("split", "create", "parts", "--query", "all", registry=registry)
        snapshot = _command("snapshot", "create", "--query", "all", "--split", "parts", registry=registry)["snapshot"]
        trained = _command("train", "hippocampus", "--snapshot", snapshot, registry=registry)
        scores = _command("evaluate", trained["run"], registry=registry)
        lines = [json.loads(line) for line in (Path(trained["folder"]) / "progress.jsonl").read_text().splitlines()]
    measure.save("hippocampus", {"snapshot": snapshot, "curve": _curve(lines), "parts": scores["parts"]})


def _curve(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Minutes in the training loop, epoch and Dice of every measurement on the validation part."""
    measured = [line for line in lines if line.get("validation_dice") is not None]
    return [
        {
            "minutes": round(line["elapsed_s"] / 60, 2),
            "epoch": line["epoch"],
            "validation_dice": round(line["validation_dice"], 4),
        }
        for line in measured
    ]


def _command(*words: str, registry: str | None = None) -> dict[str, Any]:
    where = ["--registry", registry] if registry else []
    command = [sys.executable, "-m", "registry", *where, *words, "--json"]
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return result
