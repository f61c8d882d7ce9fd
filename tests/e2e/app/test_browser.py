"""The app in a real browser, from the start page to a queued run; each page leaves a screenshot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from registry import runs, snapshots
from registry.store import Registry
from registry.viewer import CONSENSUS_COLOUR, PREDICTION_COLOUR, rater_colour
from tests.support.chromium.app import opened, pressed, said, sound, titled
from tests.support.chromium.browser import chromium, near, said_anew, shot, viewer_ready
from tests.support.chromium.redrawing import redrawn, still
from tests.support.cohorts.app_cohort import RUN

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


def test_start_page_draws_the_cohort(address: str, page: Any) -> None:
    opened(page, address, "Overview")
    page.locator("canvas").first.wait_for(timeout=60_000)
    pixels = shot(page, "app-overview", lambda seen: near(seen, "#56B4E9").sum() > 500)
    assert near(pixels, "#56B4E9").sum() > 500, "bars are drawn"
    sound(page)


def test_subject_page_draws_voxels_and_every_readers_colour(address: str, page: Any) -> None:
    opened(page, f"{address}/subject?subject=sub-A001&session=ses-M12", "sub-A001")
    viewer_ready(page)
    pixels = shot(page.locator(".stage"), "app-viewer")
    grey = (np.ptp(pixels.astype(int), axis=-1) < 8) & (pixels[..., 0] > 30)
    assert grey.sum() > 15_000, "the head is drawn"
    assert pixels[grey].std() > 10, "and it has texture"
    for colour in (rater_colour(0), rater_colour(2), CONSENSUS_COLOUR):
        assert near(pixels, colour).sum() > 30, f"a contour of {colour}"
    shot(page, "app-subject")
    sound(page)


def test_a_run_lays_its_prediction_over_the_image(address: str, page: Any) -> None:
    white = []
    for query in ("subject=sub-A002", f"subject=sub-A002&run={RUN}"):
        opened(page, f"{address}/subject?{query}", "sub-A002")
        viewer_ready(page)
        white.append(near(shot(page.locator(".stage"), f"app-prediction-{len(white)}"), PREDICTION_COLOUR).sum())
    assert white[1] > white[0] + 150, "the outline of the prediction"
    sound(page)


def test_keys_and_lesions_move_the_subject_page(address: str, page: Any) -> None:
    opened(page, f"{address}/subject?subject=sub-A001", "sub-A001")
    viewer_ready(page)
    before = page.locator(".readout").inner_text()
    with redrawn(page):
        page.keyboard.press("n")
    said(page, "Last opened: L0002")
    assert said_anew(page, ".readout", before) != before
    with redrawn(page):
        page.keyboard.press("j")
    titled(page, "sub-A002")
    assert "subject=sub-A002" in page.url
    sound(page)


def test_from_a_query_to_a_queued_run(own: Registry, address: str, page: Any) -> None:
    opened(page, f"{address}/queries", "Queries and snapshots")
    turned(page, "SQL")
    pressed(page, "Run")
    page.get_by_label("Save this query as").fill("agreed")
    pressed(page, "Save")
    said(page, "Saved as agreed, version 1.")
    shot(page, "app-query")
    turned(page, "Split")
    page.get_by_label("Name of the split").press_sequentially("fresh")
    pressed(page, "Make the split")
    said(page, "Split fresh, version 1, is made.")
    shot(page, "app-split")
    turned(page, "Snapshot")
    pressed(page, "Freeze")
    said(page, " holds ")
    pressed(page, "Verify every file")
    said(page, "are as they were frozen")
    shot(page, "app-snapshot")
    with redrawn(page):
        page.get_by_role("link", name="Train on this snapshot").click()
    titled(page, "Launch a run")
    shot(page, "app-launch")
    pressed(page, "Queue the run")
    with redrawn(page):
        page.get_by_role("link", name="Follow it").click()
    titled(page, "Runs")
    (run,) = runs.list_runs(own)
    assert run.status == "queued"
    frozen = {row.snapshot_id: row for row in snapshots.list_snapshots(own)}[run.snapshot_id]
    assert (frozen.query, frozen.split) == ("agreed@1", "fresh@1"), "each step takes up the one before"
    titled(page, f"Run {run.run_id} waits for the worker")
    shot(page, "app-runs")
    sound(page)


def turned(page: Any, tab: str) -> None:
    with redrawn(page):
        page.get_by_role("tab", name=tab).click()


def test_the_app_is_readable_in_the_dark(address: str) -> None:
    with chromium((1440, 1000), "dark") as page:
        page.goto(f"{address}/subject?subject=sub-A001")
        viewer_ready(page)
        still(page)
        pixels = shot(page, "app-subject-dark")
    assert pixels.mean() < 90, "the page is dark"
