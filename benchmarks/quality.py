"""Verdicts of one rater and of eight at once in a registry of 10,000 images, and then the writing of the tables."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlmodel import select

from benchmarks import measure, rows
from curation import quality
from curation.quality import Judgement
from registry.publishing.commits import commit_pending
from registry.store import ACTOR_ENVIRONMENT, Registry, open_registry
from registry.tables import Image
from registry.vocabulary.verdicts import Verdict

SUBJECTS = 2_500
SUFFIXES = ("FLAIR", "T1w")
VERDICTS = 300
RATERS = 8


def run() -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = rows.fill(Path(folder) / "registry", SUBJECTS, SUFFIXES, readings=False)
        root = str(registry.root)
        alone = measure.apart("benchmarks.quality", root, "e00")
        with ThreadPoolExecutor(RATERS) as pool:
            raters = [f"e{number:02d}" for number in range(1, RATERS + 1)]
            together = list(pool.map(lambda rater: measure.apart("benchmarks.quality", root, rater), raters))
        writing = measure.call(lambda: quality.file_waiting(registry))
        committing = measure.call(lambda: commit_pending(registry))
        measure.save(
            "quality",
            {
                "images": len(_images(registry)),
                "verdicts_a_rater": VERDICTS,
                "alone": alone,
                "eight_at_once": {name: max(item[name] for item in together) for name in together[0]},
                "write_nine_tables": writing,
                "commit_them": committing,
            },
        )


def sweep(registry: Registry) -> dict[str, Any]:
    """Milliseconds of each verdict on image after image, without the first one, which opens the database."""
    images, spent = _images(registry), []
    for number in range(VERDICTS + 1):
        start = time.perf_counter()
        quality.record(registry, Judgement(images[number % len(images)], list(Verdict)[number % 4], ("motion",)))
        spent.append((time.perf_counter() - start) * 1000)
    spent = sorted(spent[1:])
    return {
        "median_ms": round(statistics.median(spent), 2),
        "p95_ms": round(spent[int(0.95 * len(spent))], 2),
        "most_ms": round(spent[-1], 2),
    }


def _images(registry: Registry) -> list[str]:
    with registry.reading() as database:
        return list(database.exec(select(Image.path).order_by(Image.path)))


if __name__ == "__main__":
    import json

    os.environ[ACTOR_ENVIRONMENT] = sys.argv[2]
    sys.stdout.write(json.dumps(sweep(open_registry(Path(sys.argv[1])))) + "\n")
