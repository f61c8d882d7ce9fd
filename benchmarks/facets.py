"""A tick in the cohort builder, after which all facets are counted again, with 1,000 and with 100,000 subjects."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure, rows
from registry.catalog import Catalog, facets
from registry.snapshots import left_out

SUBJECTS = (1_000, 100_000)
SUFFIXES = ("FLAIR", "T1w", "T2w", "PDw")
TICKS = {
    "nothing": [],
    "one": ["channel=FLAIR"],
    "many": ["channel=FLAIR", "site=site0", "site=site3", "class=MS", "sex=F", "sex=", "age=18..60", "n_readings=1.."],
}


def run() -> None:
    """Measure and save."""
    measure.save("facets", {str(subjects): _measure(subjects) for subjects in SUBJECTS})


def _measure(subjects: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = rows.fill(Path(folder) / "registry", subjects, SUFFIXES, readings=True)
        catalog = Catalog.of(registry)
        found: dict[str, Any] = {"image_rows": subjects * 2 * len(SUFFIXES)}
        for name, words in TICKS.items():
            filters = facets.parse(words)
            found[name] = measure.call(lambda filters=filters: facets.count(catalog, filters), runs=7)  # type: ignore[misc]
        sql = facets.sql(facets.parse(TICKS["one"]))
        found["effects"] = measure.call(lambda: left_out.effects(registry, sql), runs=3)
        return found
