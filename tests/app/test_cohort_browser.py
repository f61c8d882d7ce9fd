"""By keyboard alone: tick a cohort, save, split, freeze, lose a person, freeze again, and read what changed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from browser import chromium, free_port, outside, require_browser, running, shot

from registry import exclusions, facets, queries, snapshots
from registry.store import Registry, registry_at

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def served(full: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, str]]:
    require_browser()
    full.engine.dispose()
    registry = registry_at(shutil.copytree(full.root, tmp_path_factory.mktemp("served") / "cohort", symlinks=True))
    port = free_port()
    command = [sys.executable, "-m", "registry", "--registry", str(registry.root), "serve", "--no-worker"]
    with running([*command, "--port", str(port)], port) as address:
        yield registry, address
    registry.engine.dispose()


def still(page: Any) -> None:
    page.wait_for_timeout(400)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(400)


def press(page: Any, role: str, name: str, key: str) -> None:
    """Focus one element and press a key on it; no pointer is used."""
    found = page.get_by_role(role, name=name).first
    found.wait_for(timeout=30_000, state="attached")
    found.focus()
    page.keyboard.press(key)
    still(page)


def write(page: Any, label: str, text: str) -> None:
    page.get_by_label(label).focus()
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    still(page)


def test_a_cohort_and_its_next_version_by_keyboard(served: tuple[Registry, str]) -> None:
    registry, address = served
    with chromium((1280, 1000)) as page:
        page.goto(f"{address}/queries")
        page.get_by_label("Save this cohort as").wait_for(timeout=60_000)
        still(page)
        press(page, "checkbox", "FLAIR", "Space")
        press(page, "checkbox", "yes", "Space")
        sql = page.get_by_label("The SQL that these filters write").input_value()
        assert sql == facets.sql(facets.parse(["channel=FLAIR", "consensus=yes"]))
        assert page.get_by_role("checkbox", name="FLAIR").first.is_checked()
        shot(page, "app-cohort")
        write(page, "Save this cohort as", "agreed")
        press(page, "button", "Save the cohort", "Enter")
        page.get_by_text("Saved as agreed, version 1.").wait_for(timeout=30_000)
        assert queries.get(registry, "agreed").sql == sql

        press(page, "tab", "Split", "Enter")
        write(page, "Name of the split", "thirds")
        press(page, "button", "Make the split", "Enter")
        page.get_by_text("Split thirds, version 1, is made.").wait_for(timeout=30_000)

        press(page, "tab", "Snapshot", "Enter")
        press(page, "button", "Freeze", "Enter")
        page.get_by_text("holds 7 samples.").wait_for(timeout=30_000)
        first = next(row.snapshot_id for row in snapshots.listed(registry) if row.query == "agreed@1")
        exclusions.exclude(registry, "P001", "consent-withdrawn")
        press(page, "button", "Freeze", "Enter")
        page.get_by_text("holds 5 samples.").wait_for(timeout=30_000)

        still(page)
        page.get_by_label("What changed since").focus()
        page.keyboard.type(first[:12])
        page.get_by_role("option", name=first[:12]).wait_for(timeout=30_000)
        page.wait_for_timeout(300)
        page.keyboard.press("Enter")
        page.get_by_text("2 samples of person P001 left the cohort (excluded: consent withdrawn).").wait_for(
            timeout=30_000
        )
        assert page.get_by_text("joined the cohort").count() == 0
        assert snapshots.verify(snapshots.get(registry, first), registry).ok
        still(page)
        shot(page, "app-difference")
        press(page, "switch", "Show what would be left out", "Space")
        page.get_by_text("The same in words").first.wait_for(timeout=30_000)
        page.wait_for_timeout(800)
        shot(page, "app-left-out")
        assert page.locator('[data-testid="stException"]').count() == 0
        assert page.locator('[data-testid="stAlertContentError"]').count() == 0
        assert outside(page) == []


def test_sql_edited_by_hand_moves_on_with_its_text(served: tuple[Registry, str]) -> None:
    with chromium((1280, 900), "dark") as page:
        page.goto(f"{served[1]}/queries")
        page.get_by_label("The SQL that these filters write").wait_for(timeout=60_000)
        still(page)
        page.get_by_label("The SQL that these filters write").focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" WHERE n_readings >= 2")
        page.keyboard.press("Control+Enter")
        page.get_by_text("Save this query as").wait_for(timeout=30_000)
        still(page)
        held = page.get_by_label("SQL: one SELECT that returns image paths").input_value()
        assert held == "SELECT path\nFROM images WHERE n_readings >= 2"
        assert page.get_by_role("tab", name="SQL").get_attribute("aria-selected") == "true"
        shot(page, "app-sql-dark")
