"""Inbox, exclusions and persons in a real browser, by keyboard; each page leaves a screenshot and fits 1280 pixels."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import app_deliveries
import pytest
from browser import chromium, free_port, outside, require_browser, running, shot

from registry import exclusions
from registry.committing import commit_pending
from registry.identity import SAME, SUSPECTED, links
from registry.store import Registry, registry_at
from registry.tables import PersonLink

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

A, B = "sub-A001", "sub-A002"
_FOCUSED = """() => { const at = document.activeElement
    if (!['A', 'BUTTON', 'INPUT', 'TEXTAREA'].includes(at.tagName)) return ''  // a box that scrolls holds many names
    return (at.getAttribute('aria-label') || at.innerText || '').split('\\n').pop() }"""


@pytest.fixture(scope="module")
def served(full: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, str]]:
    """The app of the second reader r02, on a registry with one exclusion by r01 and one pair to decide."""
    require_browser()
    full.engine.dispose()
    registry = registry_at(shutil.copytree(full.root, tmp_path_factory.mktemp("served") / "cohort", symlinks=True))
    os.environ["COHORTIUM_ACTOR"] = "r01"
    exclusions.exclude(registry, "sub-A001/ses-M12", "motion", "shaking")
    link = PersonLink(subject_a=A, subject_b=B, kind=SUSPECTED, method="fingerprint", score=0.912,
                      reason="FLAIR images alike to 0.91 after alignment")  # fmt: skip
    links._publish(registry, {(A, B): link}, links.Change("persons.propose", "Propose 1 links of persons"))
    commit_pending(registry)
    os.environ["COHORTIUM_ACTOR"] = "r02"
    port = free_port()
    command = [sys.executable, "-m", "registry", "--registry", str(registry.root), "serve", "--no-worker"]
    try:
        with running([*command, "--port", str(port)], port, dict(os.environ)) as address:
            yield registry, address
    finally:
        del os.environ["COHORTIUM_ACTOR"]


@pytest.fixture
def page() -> Iterator[Any]:
    with chromium((1280, 800)) as opened:
        yield opened


def settled(page: Any, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).first.wait_for(timeout=60_000)
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(600)


def tab_to(page: Any, name: str) -> None:
    """Press Tab until the element of this name has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED).strip() == name:
            return
    pytest.fail(f"no Tab leads to '{name}'")


def sound(page: Any) -> None:
    """No mistake is shown, nothing is asked for elsewhere, and the page does not scroll sideways."""
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert outside(page) == []
    wide = "() => [...document.querySelectorAll('.stMain')].map(at => at.scrollWidth - at.clientWidth)"
    assert max(page.evaluate(wide)) <= 0


def test_a_delivery_comes_in_by_keyboard(served: tuple[Registry, str], page: Any, tmp_path: Path) -> None:
    registry, address = served
    page.goto(f"{address}/inbox")
    settled(page, "Inbox")
    shot(page, "app-inbox-empty")
    tab_to(page, "Folder of the delivery")
    page.keyboard.type(str(app_deliveries.bids(tmp_path / "delivery")))
    tab_to(page, "Look at it")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing is written yet").wait_for(timeout=60_000)
    page.wait_for_timeout(800)
    shot(page, "app-inbox-looked")
    assert not (registry.root / app_deliveries.NEW).exists()
    sound(page)
    page.evaluate("document.activeElement.blur()")
    tab_to(page, "Import")
    page.keyboard.press("Enter")
    page.get_by_text("It is in the registry.").wait_for(timeout=60_000)
    assert (registry.root / app_deliveries.NEW).exists()
    page.wait_for_timeout(500)
    shot(page, "app-inbox-imported")
    sound(page)
    page.get_by_role("button", name="Another delivery").click()
    page.get_by_text("Look at it").wait_for(timeout=30_000)


def write_cell(page: Any, grid: Any, at: tuple[int, int], text: str) -> None:
    """Open the editor of a cell and type; a grid that is still being drawn swallows the first attempts."""
    editor = page.locator("#portal input, #portal textarea").first
    for _ in range(5):
        grid.click(position={"x": at[0], "y": at[1]})
        page.keyboard.press("Enter")
        page.wait_for_timeout(1500)
        if editor.is_visible():
            break
    editor.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text, delay=20)
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    editor.wait_for(state="detached", timeout=30_000)


def test_a_dicom_name_is_corrected_in_the_table(served: tuple[Registry, str], page: Any, tmp_path: Path) -> None:
    registry, address = served
    page.goto(f"{address}/inbox")
    settled(page, "Inbox")
    page.get_by_label("Recipe").first.click()
    page.keyboard.type("(dicom)")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Table of Patient IDs").wait_for(timeout=30_000)
    page.get_by_role("textbox", name="Folder of the delivery").fill(str(app_deliveries.dicom(tmp_path / "scans")))
    tab_to(page, "Look at it")
    page.keyboard.press("Enter")
    page.get_by_text("To settle before it can be imported").wait_for(timeout=60_000)
    page.wait_for_timeout(1000)
    shot(page, "app-inbox-plan")
    line = 2 if page.get_by_text("Series in line 2 (xyz) waits").count() else 1
    grid = page.locator('[data-testid="stDataFrame"]').first
    for left, text in ((220, "yes"), (300, "anat/acq-second_PDw")):
        write_cell(page, grid, (left, 35 * line + 18), text)
        settled(page, "Inbox")
    page.get_by_text("2 series would be imported").wait_for(timeout=30_000)
    shot(page, "app-inbox-plan-corrected")
    sound(page)
    page.get_by_role("button", name="Import by this plan").click()
    page.get_by_text("you may close this page").wait_for(timeout=30_000)
    page.goto("about:blank")
    page.wait_for_timeout(3000)
    page.goto(f"{address}/inbox")
    page.get_by_text("It is in the registry.").wait_for(timeout=60_000)
    assert list(registry.root.glob("sub-*/ses-01/anat/*_acq-second_PDw.nii.gz"))
    sound(page)


def test_a_second_reader_confirms_by_keyboard(served: tuple[Registry, str], page: Any) -> None:
    registry, address = served
    page.goto(f"{address}/exclusions")
    settled(page, "Exclusions")
    shot(page, "app-exclusions")
    tab_to(page, "Confirm as second reader")
    page.keyboard.press("Enter")
    page.get_by_text("confirmed by r02.").first.wait_for(timeout=30_000)
    assert exclusions.get(registry, "sub-A001/ses-M12").second_rater_id == "r02"
    page.wait_for_timeout(500)
    shot(page, "app-exclusions-confirmed")
    sound(page)


def test_a_pair_is_decided_by_keyboard(served: tuple[Registry, str], page: Any) -> None:
    registry, address = served
    page.goto(f"{address}/persons")
    settled(page, "Persons")
    page.get_by_text("is turned like the first").wait_for(timeout=60_000)
    page.wait_for_timeout(800)
    shot(page, "app-persons")
    sound(page)
    tab_to(page, "Why")
    page.keyboard.type("same sulci, same lesions")
    tab_to(page, "One person")
    page.keyboard.press("Enter")
    page.get_by_text("are one person from now on").wait_for(timeout=30_000)
    assert [link.kind for link in links.listed(registry)] == [SAME]
    sound(page)
