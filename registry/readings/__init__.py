"""Readings: the masks that raters drew, accepted into the registry once and never changed.

Start at `accept`. Public: `accept`, `list_readings`, and the modules `overlays` (label maps that can be laid over an
image) and `overlap` (compares two label maps).
"""

from __future__ import annotations

from registry.readings.acceptance import accept, list_readings

__all__ = ["accept", "list_readings"]
