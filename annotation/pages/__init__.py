"""Pages of annotation; there are none yet.

Start at `PAGES`, the one public name.
"""

from __future__ import annotations

from registry.app.page import Page

PAGES: list[Page] = []
