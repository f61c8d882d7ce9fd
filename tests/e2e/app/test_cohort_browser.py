"""By keyboard alone: tick a cohort, save, split, freeze, lose a person, freeze again, and read what changed."""

from __future__ import annotations

import pytest

from registry import snapshots
from registry.catalog import facets
from registry.cohorts import exclusions, queries
from registry.store import Registry
from tests.support.chromium.app import key_pressed, opened, said, sound
from tests.support.chromium.browser import chromium, shot
from tests.support.chromium.redrawing import redrawn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_cohort_and_its_next_version_by_keyboard(own: Registry, address: str) -> None:
    with chromium((1280, 1000)) as page:
        opened(page, f"{address}/queries", "Queries and snapshots")
        key_pressed(page, "checkbox", "FLAIR", "Space")
        key_pressed(page, "checkbox", "yes", "Space")
        sql = page.get_by_label("The SQL that these filters write").input_value()
        assert sql == facets.sql(facets.parse(["channel=FLAIR", "consensus=yes"]))
        assert page.get_by_role("checkbox", name="FLAIR").first.is_checked()
        shot(page, "app-cohort")
        page.get_by_label("Save this cohort as").press_sequentially("agreed")
        key_pressed(page, "button", "Save the cohort", "Enter")
        said(page, "Saved as agreed, version 1.")
        assert queries.get(own, "agreed").sql == sql

        key_pressed(page, "tab", "Split", "Enter")
        page.get_by_label("Name of the split").press_sequentially("thirds")
        key_pressed(page, "button", "Make the split", "Enter")
        said(page, "Split thirds, version 1, is made.")

        key_pressed(page, "tab", "Snapshot", "Enter")
        key_pressed(page, "button", "Freeze", "Enter")
        said(page, "holds 7 samples.")
        first = next(row.snapshot_id for row in snapshots.list_snapshots(own) if row.query == "agreed@1")
        exclusions.exclude(own, "P001", "consent-withdrawn")
        key_pressed(page, "button", "Freeze", "Enter")
        said(page, "holds 5 samples.")

        page.get_by_label("What changed since").focus()
        page.keyboard.type(first[:12])
        page.get_by_role("option", name=first[:12]).wait_for(timeout=30_000)
        with redrawn(page):
            page.keyboard.press("Enter")
        said(page, "2 samples of person P001 left the cohort (excluded: consent withdrawn).")
        assert page.get_by_text("joined the cohort").count() == 0
        assert snapshots.verify(snapshots.get(own, first), own).ok
        shot(page, "app-difference")
        key_pressed(page, "switch", "Show what would be left out", "Space")
        said(page, "The same in words")
        shot(page, "app-left-out")
        sound(page)


def test_sql_edited_by_hand_moves_on_with_its_text(address: str) -> None:
    with chromium((1280, 900), "dark") as page:
        opened(page, f"{address}/queries", "Queries and snapshots")
        page.get_by_text("As SQL").click()
        page.get_by_label("The SQL that these filters write").focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" WHERE n_readings >= 2")
        with redrawn(page):
            page.keyboard.press("Control+Enter")
        said(page, "Save this query as")
        held = page.get_by_label("SQL: one SELECT that returns image paths").input_value()
        assert held == "SELECT path\nFROM images WHERE n_readings >= 2"
        assert page.get_by_role("tab", name="SQL").get_attribute("aria-selected") == "true"
        shot(page, "app-sql-dark")
