"""Queries over 1,000,000 image rows: the catalog is filled once and then queried while nothing is written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import measure, rows
from registry.catalog import Catalog

SUBJECTS = 100_000
SUFFIXES = ("FLAIR", "T1w", "T2w", "PDw", "UNIT1")

FILTER = """SELECT path FROM images
    WHERE suffix = 'FLAIR' AND class = 'MS' AND site IN ('site0', 'site3') AND nominal_field_t >= 3"""
JOIN = """SELECT i.path FROM images i JOIN sessions v USING (session)
    WHERE i.suffix = 'FLAIR' AND i.class = 'MS' AND v.n_images >= 5 AND i.spacing_k_mm <= 2"""
COUNTS = "SELECT site, class, suffix, count(*) AS n FROM images GROUP BY ALL ORDER BY ALL"


def run() -> None:
    """Measure and save."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        registry = rows.fill(Path(folder) / "registry", SUBJECTS, SUFFIXES, readings=False)
        fill = measure.call(lambda: Catalog.of(registry))
        answers = {}
        for name, sql in {"filter": FILTER, "join": JOIN, "counts": COUNTS}.items():
            found = Catalog.of(registry).arrow(sql).num_rows
            warm = measure.call(lambda sql=sql: Catalog.of(registry).arrow(sql), runs=7)  # type: ignore[misc]
            answers[name] = {**warm, "rows": found}
        measure.save(
            "catalog",
            {"image_rows": SUBJECTS * 2 * len(SUFFIXES), "fill": fill, "warm": answers, "peak_mib": measure.peak_mib()},
        )
