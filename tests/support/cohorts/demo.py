"""The generated cohort of two persons that several rooms read."""

from __future__ import annotations

from pathlib import Path

SEED = 2026
PERSONS = 2


def demo_of_two(root: Path) -> None:
    """P001 with MS, scanned as the subjects sub-A001 and sub-B101 by two scanners; P002, healthy."""
    from curation.demo import generate

    generate(root, seed=SEED, persons=PERSONS)
