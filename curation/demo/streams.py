"""Named random streams: each person, visit and rater has its own, so adding one changes no other."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: str) -> np.random.Generator:
    """The random generator for one purpose, such as `stream(2026, "P001", "lesions")`.

    Equal arguments give equal numbers; other names give independent numbers, however many there are.
    """
    digest = hashlib.sha256("/".join(names).encode()).digest()
    key = tuple(int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
