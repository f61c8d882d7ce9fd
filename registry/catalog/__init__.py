"""Read-only SQL over documented views of the registry, and the queries of the pages.

Start at `Catalog` (the one owner of DuckDB) and `views` (what queries can read). Public: `Catalog`, and the modules
`views`, `preview`, `conditions`, `facets`, `units`, `overview`, `completeness`, `subjects`, `limits`, `watch`.
"""

from __future__ import annotations

from registry.catalog.catalog import Catalog, require_select

__all__ = ["Catalog", "require_select"]
