"""A preview counts what a query selects, and refuses what is no question."""

from __future__ import annotations

import pytest

from registry.catalog import Catalog, preview
from registry.errors import QueryError
from registry.store import Registry


def test_preview_counts_and_refuses(full: Registry) -> None:
    catalog = Catalog.of(full)
    found = preview.preview(catalog, "SELECT * FROM images ORDER BY path; ")
    assert found.n_rows == found.totals["images"] == sum(row["images"] for row in found.groups) == 15
    assert not preview.preview(catalog, "SELECT 1 AS one -- no paths").names_images
    with pytest.raises(QueryError):
        preview.preview(catalog, "COPY images TO '/tmp/x'")


def test_every_documented_view_has_columns(full: Registry) -> None:
    assert all(view.columns and view.about for view in preview.list_views(Catalog.of(full)))
