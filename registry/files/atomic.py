"""Keep what was computed in this machine's cache: whole or not at all, whoever else keeps the same at the same time."""

from __future__ import annotations

import secrets
from pathlib import Path


def keep(place: Path, data: bytes) -> Path:
    """Write a file of the cache and return its place; what lies there is replaced."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    temporary.write_bytes(data)
    return temporary.replace(place)
