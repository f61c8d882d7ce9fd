"""The viewer in a real browser: voxels are drawn, on the right side, and nothing leaves this machine."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from registry.viewer import CONSENSUS_COLOUR, rater_colour
from tests.support.chromium.browser import (
    chromium,
    free_port,
    near,
    new_page,
    outside,
    require_browser,
    running,
    said_anew,
    shot,
    viewer_ready,
)
from tests.support.chromium.redrawing import redrawn, still, until
from tests.support.viewer import sample as viewer_sample

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    require_browser()
    folder, port = tmp_path_factory.mktemp("sample"), free_port()
    viewer_sample.make(folder)
    command = [sys.executable, viewer_sample.__file__, str(folder), str(port)]
    with running(command, port, {**os.environ, "COHORTIUM_SAMPLE": str(folder)}) as url:
        yield url


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Any]:
    with chromium() as opened:
        opened.goto(address)
        viewer_ready(opened)
        still(opened)
        yield opened


def axial(page: Any, name: str) -> Any:
    """Pixels (H, W, 3) of the axial picture: the left 46 % of the stage."""
    pixels = shot(page.locator(".stage"), name)
    return pixels[:, : int(pixels.shape[1] * 0.46)]


def volumes_fetched(page: Any) -> int:
    return sum("/volumes/" in url for url in page.seen)


def test_voxels_and_masks_are_drawn_on_the_persons_side(page: Any) -> None:
    pixels = axial(page, "viewer-radiological")
    grey = (abs(pixels.astype(int) - pixels.mean(axis=-1, keepdims=True)) < 4).all(axis=-1)
    assert pixels[grey].std() > 20, "the image is not uniform"
    assert near(pixels, CONSENSUS_COLOUR).sum() > 40
    columns = near(pixels, rater_colour(0)).nonzero()[1]
    assert columns.size > 40
    # The lesion of rater A lies on the person's right: on the screen's left in radiological display.
    assert columns.max() < pixels.shape[1] / 2


def test_display_can_be_turned_to_neurological(page: Any) -> None:
    page.get_by_role("button", name="Radiological").click()
    pixels = axial(page, "viewer-neurological")
    page.get_by_role("button", name="Neurological").click()
    assert near(pixels, rater_colour(0)).nonzero()[1].min() > pixels.shape[1] / 2


def test_the_nose_is_on_the_left_in_radiological_display_and_on_the_right_in_neurological(page: Any) -> None:
    page.get_by_role("button", name="Sagittal", exact=True).click()
    middles = []
    for side in ("Radiological", "Neurological"):
        pixels = shot(page.locator(".stage"), f"viewer-nose-{side.lower()}")
        # The lesion of rater A lies 8 mm in front of the middle.
        middles.append(np.median(near(pixels, rater_colour(0)).nonzero()[1]) / pixels.shape[1])
        page.get_by_role("button", name=side).click()
    page.get_by_role("button", name="All", exact=True).click()
    assert middles[0] < 0.49
    assert middles[1] > 0.51


def test_a_layer_is_switched_without_loading_anything_again(page: Any) -> None:
    before, chip = volumes_fetched(page), page.get_by_role("button", name="Consensus")
    chip.click()
    assert near(axial(page, "viewer-without-consensus"), CONSENSUS_COLOUR, 25).sum() == 0
    chip.click()
    assert near(axial(page, "viewer-with-consensus"), CONSENSUS_COLOUR, 25).sum() > 40
    assert volumes_fetched(page) == before == len(viewer_sample.NAMES)


def test_a_change_from_the_page_keeps_the_viewer(page: Any) -> None:
    before = volumes_fetched(page)
    page.locator(".viewer").evaluate("node => { node.dataset.mark = 'kept'; }")
    with redrawn(page):
        page.get_by_text("With the consensus").click()
    chip = page.get_by_role("button", name="Consensus")
    chip.wait_for(state="detached", timeout=15000)
    viewer_ready(page)
    assert page.locator(".viewer").get_attribute("data-mark") == "kept"
    assert near(axial(page, "viewer-layer-taken-away"), CONSENSUS_COLOUR, 25).sum() == 0
    assert volumes_fetched(page) == before
    with redrawn(page):
        page.get_by_text("With the consensus").click()
    chip.wait_for(timeout=15000)
    viewer_ready(page)
    assert near(axial(page, "viewer-layer-added"), CONSENSUS_COLOUR, 25).sum() > 40
    assert volumes_fetched(page) == before + 1


def test_read_out_is_in_millimetres_and_voxels(page: Any) -> None:
    text = page.locator(".readout").inner_text()
    assert "R 26.0" in text
    assert "Voxel" in text
    # i runs to the left in this file: (72 - 1) / 2 - 26 / 2 = 22.5
    assert "22, " in text or "23, " in text
    assert "Rater A: lesion" in text


def captions(page: Any) -> str:
    """What is written on the planes: names, positions, the letter on the left."""
    return str(page.locator("canvas.drawing").get_attribute("aria-label"))


def test_no_part_of_the_read_out_is_cut(page: Any) -> None:
    """What many raters marked takes a second line."""
    edges = """box => { const cell = box.lastElementChild.cloneNode(true)
        cell.append(' · Rater N: lesion'.repeat(30))
        box.append(cell)
        const found = [box, cell].map(part => part.getBoundingClientRect().right)
        cell.remove()
        return found }"""
    frame, cell = page.locator(".readout").evaluate(edges)
    assert cell <= frame


def test_captions_state_the_read_outs_position_and_the_sides(page: Any) -> None:
    assert captions(page).split("; ") == [
        "Axial  S 0.0, R on the left",
        "Coronal  A 8.0, R on the left",
        "Sagittal  R 26.0, A on the left",
        "3-D, A on the left",
    ]
    assert "R 26.0   A 8.0   S 0.0 mm" in page.locator(".readout").inner_text()


def test_the_qc_sweep_captions_each_image_with_its_own_position(page: Any, address: str) -> None:
    sweep = new_page(page.context.browser)
    sweep.goto(f"{address}/qc")
    for name, (x, y, z) in viewer_sample.CENTRES.items():
        sweep.locator(".sweep .title", has_text=name).wait_for(timeout=60_000)
        sweep.wait_for_selector('[data-sweep="ready"]', timeout=60_000)
        ends = [("L", "R")[x >= 0], ("P", "A")[y >= 0], ("I", "S")[z >= 0]]
        mm = [f"{end} {abs(value):.1f}" for end, value in zip(ends, (x, y, z), strict=True)]
        found = [part.partition(",")[0] for part in captions(sweep).split("; ")]
        assert found == [f"Axial  {mm[2]}", f"Coronal  {mm[1]}", f"Sagittal  {mm[0]}"]
        sweep.keyboard.press("j")
    steps_go_through_the_plane_under_the_pointer(sweep)
    fat_and_negative_voxels_leave_the_brain_bright_and_the_background_black(sweep)
    sweep.close()


def steps_go_through_the_plane_under_the_pointer(sweep: Any) -> None:
    box = sweep.locator("canvas.picture").bounding_box()
    for (x, y), key, moved in (((0.25, 0.5), "PageUp", 0), ((0.8, 0.25), "ArrowUp", 1), ((0.8, 0.75), "ArrowLeft", 2)):
        sweep.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        before = captions(sweep).split("; ")
        sweep.keyboard.press(key)
        until(sweep, lambda before=before: captions(sweep).split("; ") != before)
        after = captions(sweep).split("; ")
        assert after[moved] != before[moved]


def fat_and_negative_voxels_leave_the_brain_bright_and_the_background_black(sweep: Any) -> None:
    pixels = shot(sweep.locator(".stage"), "viewer-window-at-first").mean(axis=-1)
    height, width = pixels.shape
    brain = pixels[int(height * 0.35) : int(height * 0.65), int(width * 0.18) : int(width * 0.38)]
    assert np.median(brain) > 70
    assert np.median(pixels[: height // 12, : width // 9]) < 8


def test_a_click_reaches_the_page(page: Any) -> None:
    picture = page.locator("canvas.picture").bounding_box()
    page.mouse.click(picture["x"] + picture["width"] * 0.23, picture["y"] + picture["height"] * 0.5)
    page.get_by_text("Clicked at (").wait_for(timeout=15000)
    still(page)
    assert "R 26.0" not in page.locator(".readout").inner_text()


def test_keys_move_the_crosshair_and_the_wheel_scrolls(page: Any) -> None:
    page.locator("canvas.picture").focus()
    before = page.locator(".readout").inner_text()
    page.keyboard.press("PageUp")
    after = said_anew(page, ".readout", before)
    assert after != before
    page.keyboard.press("c")  # hides the crosshair; the page around clears its cache with this key and must not hear it
    assert page.get_by_text("Clear caches").count() == 0
    page.keyboard.press("c")
    with redrawn(page):
        page.keyboard.press("n")  # the page's own: it hears it although the picture has the focus
    page.get_by_text("Went on 1 times").wait_for(timeout=15000)
    viewer_ready(page)
    page.locator("canvas.picture").focus()
    picture = page.locator("canvas.picture").bounding_box()
    page.mouse.move(picture["x"] + picture["width"] * 0.23, picture["y"] + picture["height"] * 0.5)
    page.mouse.wheel(0, 120)
    assert said_anew(page, ".readout", after) != after


def test_one_key_hides_all_masks_and_brings_them_back(page: Any) -> None:
    page.locator("canvas.picture").focus()
    page.keyboard.press("m")
    pixels = axial(page, "viewer-masks-hidden")[8:-8, 8:]  # within the mark of the focus
    assert sum(near(pixels, colour, 25).sum() for colour in (rater_colour(0), CONSENSUS_COLOUR)) == 0
    page.keyboard.press("m")
    assert page.get_by_role("button", name="Masks").get_attribute("aria-pressed") == "true"


def test_dragging_with_the_right_button_changes_the_window(page: Any) -> None:
    picture = page.locator("canvas.picture").bounding_box()
    x, y = picture["x"] + picture["width"] * 0.23, picture["y"] + picture["height"] * 0.3
    dark = axial(page, "viewer-window-before").mean()
    page.mouse.move(x, y)
    page.mouse.down(button="right")
    page.mouse.move(x, y + 90, steps=4)
    page.mouse.up(button="right")
    assert axial(page, "viewer-window-after").mean() > dark * 1.1
    page.get_by_role("button", name="Reset").click()


def test_each_view_fills_the_stage(page: Any) -> None:
    for name in ("Axial", "Coronal", "Sagittal", "3-D"):
        page.get_by_role("button", name=name, exact=True).click()
        assert shot(page.locator(".stage"), f"viewer-only-{name.lower()}").std() > 8
    page.get_by_role("button", name="All", exact=True).click()


def test_the_viewer_comes_back_after_another_page(page: Any) -> None:
    for link in ("Other", "Back to the subject"):
        with redrawn(page):
            page.get_by_role("link", name=link).click()
    viewer_ready(page)
    assert near(axial(page, "viewer-again"), rater_colour(0)).sum() > 40


def test_nothing_left_this_machine_and_nothing_failed(page: Any) -> None:
    assert outside(page) == []
    assert page.problems == []


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "x" * 22 + "==",
}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/assets/niivue.js", {"Host": "evil.example"}, 400),
        ("/assets/niivue.js", {"Origin": "http://evil.example"}, 403),
        ("/_stcore/stream", {**UPGRADE, "Origin": "http://evil.example"}, 403),
        ("/_stcore/stream", {**UPGRADE, "Origin": "null"}, 403),
    ],
)
def test_other_sites_get_no_answer(address: str, path: str, headers: dict[str, str], status: int) -> None:
    with pytest.raises(urllib.error.HTTPError, match=str(status)):
        urllib.request.urlopen(urllib.request.Request(address + path, headers=headers), timeout=10)


def test_a_missing_volume_is_explained_in_the_picture(page: Any, address: str) -> None:
    dark = new_page(page.context.browser, scheme="dark")
    dark.route("**/volumes/*", lambda route: route.fulfill(status=404, body="There is no volume with this checksum."))
    dark.goto(address)
    dark.wait_for_selector('[data-viewer="failed"]', timeout=60000)
    assert "FLAIR: There is no volume with this checksum." in dark.locator(".note").inner_text()
    shot(dark, "viewer-failed-dark")
    dark.close()


def test_one_missing_mask_does_not_hide_the_rest(page: Any, address: str) -> None:
    wanted = sorted({url for url in page.seen if "/volumes/" in url}, key=page.seen.index)
    other = new_page(page.context.browser, size=(900, 900))
    other.route(wanted[2], lambda route: route.fulfill(status=404, body="Its content is not on this machine."))
    other.goto(address)
    viewer_ready(other)
    assert other.get_by_text("Rater B: not available").get_attribute("title") == (
        "Rater B: Its content is not on this machine."
    )
    pixels = shot(other.locator(".viewer"), "viewer-missing-mask")
    assert near(pixels, rater_colour(0)).sum() > 40
    other.close()
