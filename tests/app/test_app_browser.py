"""The app in a real browser, from the start page to a queued run; each page leaves a screenshot."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from app_cohort import RUN
from browser import chromium, free_port, near, outside, require_browser, running, shot, viewer_ready

from registry import runs, snapshots
from registry.store import Registry, registry_at
from registry.viewer import CONSENSUS_COLOUR, PREDICTION_COLOUR, rater_colour

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def served(full: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, str]]:
    require_browser()
    full.engine.dispose()
    registry = registry_at(shutil.copytree(full.root, tmp_path_factory.mktemp("served") / "cohort", symlinks=True))
    port = free_port()
    command = [sys.executable, "-m", "registry", "--registry", str(registry.root), "serve", "--no-worker"]
    with running([*command, "--port", str(port)], port) as address:
        yield registry, address


@pytest.fixture
def page() -> Iterator[Any]:
    with chromium((1440, 1000)) as opened:
        yield opened


def settled(page: Any, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).first.wait_for(timeout=60_000)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(600)


def pressed(page: Any, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_timeout(300)


def no_mistake(page: Any) -> None:
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert outside(page) == []


def test_start_page_draws_the_cohort(served: tuple[Registry, str], page: Any) -> None:
    page.goto(served[1])
    settled(page, "Cohort")
    page.locator("canvas").first.wait_for(timeout=60_000)
    page.wait_for_timeout(1500)
    pixels = shot(page, "app-overview")
    assert near(pixels, "#56B4E9").sum() > 500, "bars are drawn"
    no_mistake(page)


def test_subject_page_draws_voxels_and_every_readers_colour(served: tuple[Registry, str], page: Any) -> None:
    page.goto(f"{served[1]}/subject?subject=sub-A001&session=ses-M12")
    viewer_ready(page)
    page.wait_for_timeout(1000)
    pixels = shot(page.locator(".stage"), "app-viewer")
    grey = (np.ptp(pixels.astype(int), axis=-1) < 8) & (pixels[..., 0] > 30)
    assert grey.sum() > 15_000, "the head is drawn"
    assert pixels[grey].std() > 10, "and it has texture"
    for colour in (rater_colour(0), rater_colour(2), CONSENSUS_COLOUR):
        assert near(pixels, colour).sum() > 30, f"a contour of {colour}"
    shot(page, "app-subject")
    no_mistake(page)


def test_a_run_lays_its_prediction_over_the_image(served: tuple[Registry, str], page: Any) -> None:
    white = []
    for query in ("subject=sub-A002", f"subject=sub-A002&run={RUN}"):
        page.goto(f"{served[1]}/subject?{query}")
        viewer_ready(page)
        page.wait_for_timeout(1000)
        white.append(near(shot(page.locator(".stage"), f"app-prediction-{len(white)}"), PREDICTION_COLOUR).sum())
    assert white[1] > white[0] + 150, "the outline of the prediction"
    no_mistake(page)


def test_keys_and_lesions_move_the_subject_page(served: tuple[Registry, str], page: Any) -> None:
    page.goto(f"{served[1]}/subject?subject=sub-A001")
    viewer_ready(page)
    before = page.locator(".readout").inner_text()
    page.keyboard.press("n")
    page.get_by_text("The crosshair is on L0002").wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    assert page.locator(".readout").inner_text() != before
    page.keyboard.press("j")
    page.get_by_role("heading", name="sub-A002", exact=True).wait_for(timeout=30_000)
    assert "subject=sub-A002" in page.url
    no_mistake(page)


def test_from_a_query_to_a_queued_run(served: tuple[Registry, str], page: Any) -> None:
    registry, address = served
    page.goto(f"{address}/queries")
    settled(page, "Queries and snapshots")
    page.get_by_role("tab", name="SQL").click()
    settled(page, "Queries and snapshots")
    pressed(page, "Run")
    page.get_by_text("Save this query as").wait_for(timeout=30_000)
    page.get_by_label("Save this query as").fill("agreed")
    pressed(page, "Save")
    page.get_by_text("Saved as agreed, version 1.").wait_for(timeout=30_000)
    page.wait_for_timeout(800)
    shot(page, "app-query")
    page.get_by_role("tab", name="Split").click()
    settled(page, "Queries and snapshots")
    page.get_by_label("Name of the split").fill("fresh")
    pressed(page, "Make the split")
    page.get_by_text("Split fresh, version 1, is made.").wait_for(timeout=30_000)
    page.wait_for_timeout(800)
    shot(page, "app-split")
    page.get_by_role("tab", name="Snapshot").click()
    settled(page, "Queries and snapshots")
    pressed(page, "Freeze")
    page.get_by_text(" holds ").first.wait_for(timeout=60_000)
    settled(page, "Queries and snapshots")  # the right half shows what was frozen now, not the snapshot before
    pressed(page, "Verify every file")
    page.get_by_text("are as they were frozen").wait_for(timeout=30_000)
    page.wait_for_timeout(800)
    shot(page, "app-snapshot")
    page.get_by_role("link", name="Train on this snapshot").click()
    settled(page, "Launch a run")
    shot(page, "app-launch")
    pressed(page, "Queue the run")
    page.get_by_role("link", name="Follow it").click()
    settled(page, "Runs")
    (run,) = runs.listed(registry)
    assert run.status == "queued"
    frozen = {row.snapshot_id: row for row in snapshots.listed(registry)}[run.snapshot_id]
    assert (frozen.query, frozen.split) == ("agreed@1", "fresh@1"), "each step takes up the one before"
    page.get_by_role("heading", name=f"Run {run.run_id} waits for the worker").wait_for(timeout=30_000)
    shot(page, "app-runs")
    no_mistake(page)


def test_the_app_is_readable_in_the_dark(served: tuple[Registry, str]) -> None:
    with chromium((1440, 1000), "dark") as page:
        page.goto(f"{served[1]}/subject?subject=sub-A001")
        viewer_ready(page)
        pixels = shot(page, "app-subject-dark")
    assert pixels.mean() < 90, "the page is dark"
