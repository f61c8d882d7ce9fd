"""The QC sweep by keyboard in a real browser: verdicts reach the file of record, pictures change without a reload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation import quality
from registry.files.canonical import read_tsv
from registry.store import Registry
from tests.support.chromium.app import serving
from tests.support.chromium.browser import chromium, new_page, outside, shot
from tests.support.chromium.redrawing import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def ready(page: Any, title: str) -> None:
    """The image of this title is drawn."""
    page.locator(".sweep .title", has_text=title).wait_for(timeout=60_000)
    page.wait_for_selector('[data-sweep="ready"]', timeout=60_000)


def confirmed(page: Any) -> None:
    """The server has confirmed everything."""
    page.wait_for_selector('.sweep[data-unsaved="0"]', timeout=30_000)


def picture(page: Any, name: str) -> np.ndarray[Any, Any]:
    return shot(page.locator(".stage"), name).astype(int)


def pressed(page: Any, action: str) -> bool:
    return bool(page.locator(f'[data-action="{action}"]').get_attribute("aria-pressed") == "true")


def every_button_is_in_view(page: Any, *sizes: tuple[int, int]) -> None:
    """In a window of each size nothing has to be scrolled to, and nothing is cut."""

    def inside(bottom: int) -> bool:
        boxes = [found.bounding_box() for found in page.locator(".sweep button.act, .sweep button.chip").all()]
        edge = page.locator(".sweep").bounding_box()
        right = edge["x"] + edge["width"]
        return all(box["y"] + box["height"] <= bottom and box["x"] + box["width"] <= right for box in boxes)

    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        until(page, lambda height=height: inside(height), 20)


def volumes(page: Any, least: int) -> list[str]:
    """The volumes that were asked for so far, in order, once there are at least so many."""

    def asked() -> list[str]:
        return [url for url in page.seen if "/volumes/" in url]

    until(page, lambda: len(asked()) >= least)
    return asked()


def rows(root: Path) -> list[tuple[str, str | None, str | None]]:
    """The rater's table: image by its name, verdict, artifacts."""
    found = read_tsv(root / "code/registry/quality/e01.tsv")
    return [(str(row["image"]).rpartition("/")[2], row["verdict"], row["artifacts"]) for row in found]


def test_a_sweep_by_keyboard_ends_in_the_file_of_record(own: Registry) -> None:
    with serving(own.root, actor="e01") as address, chromium((1440, 1000)) as page:
        missing: list[str] = []
        page.on("response", lambda response: missing.append(response.url) if response.status >= 400 else None)
        page.goto(f"{address}/quality")
        ready(page, "sub-A000 · M00 · FLAIR")
        page.evaluate("window.marked = 'this very page'")
        loads = [url for url in page.seen if url.endswith("/quality")]
        first = picture(page, "quality-first")
        assert first.std() > 20, "voxels are drawn"

        ahead = volumes(page, 2)
        assert len(ahead) == 2, "the next image is here before it is wanted"
        page.keyboard.press("a")
        ready(page, "sub-A000 · M00 · T1w")
        assert volumes(page, 3)[:2] == ahead
        assert volumes(page, 3).count(ahead[1]) == 1
        second = picture(page, "quality-second")
        assert np.abs(second - first).mean() > 3, "another image's pixels"

        for key in ("1", "3", "2", "2"):  # the last one is switched on and off again
            page.keyboard.press(key)
        assert [pressed(page, name) for name in ("motion", "ghosting", "wrap-around")] == [True, False, True]
        page.keyboard.press("x")
        ready(page, "sub-A001 · M00 · FLAIR")
        assert not pressed(page, "motion"), "artifacts belong to one image"

        page.keyboard.press("Space")
        ready(page, "sub-A001 · M00 · T1w")
        page.keyboard.press("u")
        ready(page, "sub-A001 · M00 · FLAIR")
        page.get_by_text("Taken back: later.").wait_for(timeout=10_000)
        confirmed(page)

        comment = page.get_by_label("Comment")
        comment.fill("")
        comment.press_sequentially("x a 1 look at the fax")
        assert comment.input_value() == "x a 1 look at the fax", "typing is typing"
        ready(page, "sub-A001 · M00 · FLAIR")
        comment.press("Enter")
        page.keyboard.press("f")
        ready(page, "sub-A001 · M00 · T1w")
        page.keyboard.press("k")
        ready(page, "sub-A001 · M00 · FLAIR")
        assert pressed(page, "flag")
        assert "You flagged it" in page.locator(".sweep .said").inner_text()
        page.locator(".sweep .progress", has_text="3 judged · 3 today by e01").wait_for(timeout=30_000)
        page.keyboard.press("h")
        shot(page, "quality-page")
        confirmed(page)

        assert page.evaluate("window.marked") == "this very page"
        assert [url for url in page.seen if url.endswith("/quality")] == loads
        assert outside(page) == []
        assert [url for url in missing if "/quality/_stcore/" not in url] == []  # Streamlit looks there first
        assert [text for text in page.problems if "404" not in text] == []
    assert rows(own.root) == [
        ("sub-A000_ses-M00_FLAIR.nii.gz", "accept", None),
        ("sub-A000_ses-M00_T1w.nii.gz", "reject", "motion,wrap-around"),
        ("sub-A001_ses-M00_FLAIR.nii.gz", "later", None),
        ("sub-A001_ses-M00_FLAIR.nii.gz", None, None),
        ("sub-A001_ses-M00_FLAIR.nii.gz", "flag", None),
    ]


def test_a_verdict_outlives_a_server_that_is_gone_and_another_window(own: Registry) -> None:
    with serving(own.root, actor="e01") as address, chromium() as started:
        browser = started.context.browser
        one_person = browser.new_context(viewport={"width": 1280, "height": 900})
        page = one_person.new_page()
        page.goto(f"{address}/quality")
        ready(page, "sub-A001 · M00 · T1w")
        every_button_is_in_view(page, (1024, 768), (1440, 900), (1440, 1000))
        other = new_page(browser)
        other.goto(f"{address}/quality")
        ready(other, "sub-A001 · M00 · T1w")

        page.route("**/sweep/verdicts", lambda route: route.abort())
        page.keyboard.press("x")
        page.get_by_text("1 verdict is not saved yet: the server does not answer.").wait_for(timeout=20_000)
        shot(page, "quality-unsaved")
        assert judged(own) == [], "nothing has reached the server"
        later = one_person.new_page()  # the browser's next window finds what this one could not send
        later.goto(f"{address}/quality")
        ready(later, "sub-A001 · M12 · FLAIR")
        confirmed(later)
        assert judged(own) == ["reject"]
        later.close()
        page.unroute("**/sweep/verdicts")
        confirmed(page)
        assert page.locator(".sweep .unsaved").inner_text() == ""

        other.keyboard.press("a")
        other.get_by_text("In another window you said reject").wait_for(timeout=20_000)
        other.close()
    assert rows(own.root)[5:] == [("sub-A001_ses-M00_T1w.nii.gz", "reject", None)], (
        "sent by two windows, it is there once"
    )


def judged(own: Registry) -> list[str]:
    """What stands for the image of this test."""
    found = quality.of_rater(own, "e01")
    return [item.verdict for item in found if item.image_path.endswith("sub-A001_ses-M00_T1w.nii.gz")]
