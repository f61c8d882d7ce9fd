"""Readings: what raters drew, accepted into the registry once and never changed.

Start at `accept`. Public: `accept`, `listed`, and the modules `overlays` (label maps that can be laid over an image)
and `overlap` (two label maps compared).
"""

from __future__ import annotations

from registry.readings.acceptance import accept, listed

__all__ = ["accept", "listed"]
