"""Inbox, exclusions and persons in a real browser, by keyboard; each page leaves a screenshot and fits 1280 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.persons import links
from registry.cohorts import exclusions
from registry.cohorts.persons import SAME
from registry.publishing.commits import commit_pending
from registry.store import ACTOR_ENVIRONMENT, Registry
from tests.support.app import app_deliveries
from tests.support.app.person_links import suspect
from tests.support.chromium.app import opened, pressed, said, serving
from tests.support.chromium.app import sound as nothing_wrong
from tests.support.chromium.browser import chromium, shot
from tests.support.chromium.redrawing import redrawn, still, until, within

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

A, B = "sub-A001", "sub-A002"
_FOCUSED = """() => { const at = document.activeElement
    if (!['A', 'BUTTON', 'INPUT', 'TEXTAREA'].includes(at.tagName)) return ''  // a box that scrolls holds many names
    return (at.getAttribute('aria-label') || at.innerText || '').split('\\n').pop() }"""


@pytest.fixture(scope="module")
def address(own: Registry) -> Iterator[str]:
    """The app of the second rater r02, on a registry with one exclusion by r01 and one pair to decide."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ACTOR_ENVIRONMENT, "r01")
        exclusions.exclude(own, "sub-A001/ses-M12", "motion", "shaking")
        suspect(own, A, B)
        commit_pending(own)
    with serving(own.root, actor="r02") as started:
        yield started


@pytest.fixture
def page() -> Iterator[Any]:
    with chromium((1280, 800)) as narrow:
        yield narrow


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the element of this name has the focus."""
    for _ in range(120):
        if page.evaluate(_FOCUSED).strip() == name:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to '{name}'")


def entered(page: Any, name: str) -> None:
    """Tab to an element, press Enter on it."""
    tab_to(page, name)
    with redrawn(page):
        page.keyboard.press("Enter")


def sound(page: Any) -> None:
    """Nothing is wrong, and the page does not scroll sideways."""
    nothing_wrong(page)
    wide = "() => [...document.querySelectorAll('.stMain')].map(at => at.scrollWidth - at.clientWidth)"
    assert max(page.evaluate(wide)) <= 0


def test_a_delivery_comes_in_by_keyboard(own: Registry, address: str, page: Any, tmp_path: Path) -> None:
    opened(page, f"{address}/inbox", "Inbox")
    shot(page, "app-inbox-empty")
    tab_to(page, "Folder of the delivery")
    page.keyboard.type(str(app_deliveries.bids(tmp_path / "delivery")))
    with redrawn(page):
        page.keyboard.press("Tab")
    entered(page, "Look at it")
    said(page, "Nothing is written yet")
    shot(page, "app-inbox-looked")
    assert not (own.root / app_deliveries.NEW).exists()
    sound(page)
    page.evaluate("document.activeElement.blur()")
    entered(page, "Import")
    said(page, "are in the registry.")
    assert (own.root / app_deliveries.NEW).exists()
    shot(page, "app-inbox-imported")
    sound(page)
    pressed(page, "Another delivery")
    said(page, "Look at it")


def write_cell(page: Any, grid: Any, at: tuple[int, int], text: str) -> None:
    """Write into a cell, again until the app hears of it: on a busy machine the grid closes its editor by itself."""
    editor = page.locator("#portal input, #portal textarea")
    before = page.drawings.ended

    def holds() -> list[str]:
        return list(editor.evaluate_all("found => found.map(at => at.value)"))

    def written() -> bool:
        grid.click(position={"x": at[0], "y": at[1]})
        page.keyboard.press("Enter")
        if within(page, lambda: bool(holds()), 5):
            page.keyboard.press("Control+A")
            page.keyboard.type(text, delay=20)
            within(page, lambda: holds()[:1] == [text], 5)
            page.keyboard.press("Enter")
        return within(page, lambda: page.drawings.ended > before, 5)

    until(page, written, 120)
    still(page)


def test_a_dicom_name_is_corrected_in_the_table(own: Registry, address: str, page: Any, tmp_path: Path) -> None:
    opened(page, f"{address}/inbox", "Inbox")
    page.get_by_label("Recipe").first.click()
    page.keyboard.type("(dicom)")
    page.get_by_role("option", name="(dicom)").wait_for(timeout=30_000)
    with redrawn(page):
        page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Table of Patient IDs").wait_for(timeout=30_000)
    page.get_by_role("textbox", name="Folder of the delivery").fill(str(app_deliveries.dicom(tmp_path / "scans")))
    with redrawn(page):
        page.keyboard.press("Tab")
    entered(page, "Look at it")
    said(page, "To settle before it can be imported")
    shot(page, "app-inbox-plan")
    line = 2 if page.get_by_text("Series in line 2 (xyz) waits").count() else 1
    grid = page.locator('[data-testid="stDataFrame"]').first
    for left, text in ((220, "yes"), (650, "anat/acq-second_PDw")):
        write_cell(page, grid, (left, 35 * line + 18), text)
    said(page, "2 series would be imported")
    shot(page, "app-inbox-plan-corrected")
    sound(page)
    page.get_by_role("button", name="Import by this plan").click()
    page.get_by_text("you may close this page").wait_for(timeout=30_000)
    page.goto("about:blank")
    until(page, lambda: any(own.root.glob("sub-*/ses-01/anat/*_acq-second_PDw.nii.gz")))
    opened(page, f"{address}/inbox", "Inbox")
    said(page, "are in the registry.")
    sound(page)


def test_a_second_rater_confirms_by_keyboard(own: Registry, address: str, page: Any) -> None:
    opened(page, f"{address}/exclusions", "Exclusions")
    shot(page, "app-exclusions")
    entered(page, "Confirm as second rater")
    said(page, "confirmed by r02.")
    assert exclusions.get(own, "sub-A001/ses-M12").second_rater_id == "r02"
    shot(page, "app-exclusions-confirmed")
    sound(page)


def test_a_pair_is_decided_by_keyboard(own: Registry, address: str, page: Any) -> None:
    opened(page, f"{address}/persons", "Persons")
    said(page, "is turned like the first")
    shot(page, "app-persons")
    sound(page)
    tab_to(page, "Why")
    page.keyboard.type("same sulci, same lesions")
    entered(page, "One person")
    said(page, "are one person from now on")
    assert [link.kind for link in links.list_links(own)] == [SAME]
    sound(page)
