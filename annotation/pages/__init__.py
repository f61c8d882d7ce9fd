"""Pages of annotation; there are none yet."""

from __future__ import annotations

from registry.app.page import Page

PAGES: list[Page] = []
