"""Counts of the overview agree with each other, and every cell of its matrix is an image or a gap."""

from __future__ import annotations

from registry.catalog import Catalog, overview
from registry.store import Registry


def test_charts_add_up_to_the_headline(full: Registry) -> None:
    catalog = Catalog.of(full)
    for chosen in ((), ("siteA",), ("siteA", "siteB"), ("it's",)):
        counts = overview.headline(catalog, chosen)
        assert sum(row["images"] for row in overview.images_by_site(catalog, chosen)) == counts["images"]
        assert sum(row["sessions"] for row in overview.sessions_by_site(catalog, chosen)) == counts["sessions"]
        assert sum(row["subjects"] for row in overview.subjects_by_class(catalog, chosen)) == counts["subjects"]
        assert sum(cell["images"] for cell in overview.completeness(catalog, chosen)) == counts["images"]


def test_every_cell_of_the_matrix_is_present_or_a_gap(full: Registry) -> None:
    cells = overview.completeness(Catalog.of(full))
    keys = {(cell["subject"], cell["session"], cell["channel"]) for cell in cells}
    assert len(keys) == len(cells) == 7 * 2 * 2
    absent = [cell for cell in cells if cell["images"] == 0]
    assert {cell["state"] for cell in absent} == {"no session", "no image"}
    assert all(cell["state"] in overview.STATES for cell in cells)


def test_masks_whose_lesions_were_not_measured_are_counted_until_they_are(full: Registry) -> None:
    catalog = Catalog.of(full)
    assert overview.count_unmeasured(catalog) == {}, "lesions build was run"
    assert overview.headline(catalog)["lesions"] == 11


def test_what_no_dataset_says_has_one_word_and_no_colour_of_its_own(full: Registry) -> None:
    names = overview.names(Catalog.of(full))
    assert names == {
        "site": ["siteA", "siteB"],
        "scanner": ["scannerA", "scannerB"],
        "class": ["HC", "MS"],
        "channel": ["FLAIR", "T1w"],
    }
