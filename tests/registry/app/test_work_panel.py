"""The side bar shows all work under way, on every page, and stops it."""

from __future__ import annotations

import pytest

from registry.store import Registry
from registry.work import claims, queue, rows
from registry.work.rows import STOPPED
from tests.support.app.app_imports import until
from tests.support.app.pages import open_page
from tests.support.work_kinds import TRIAL

pytestmark = pytest.mark.usefixtures("nothing_left")


def test_work_under_way_is_shown_and_stopped(writable: Registry) -> None:
    assert not open_page(writable, "overview").sidebar.button, "nothing where there is none"
    running = queue.start(writable, TRIAL, "Counting steps", {"end": "never"})
    waits = queue.describe(TRIAL, "Counting more", {"end": "never"})
    rows.add(writable, waits)
    until(lambda: queue.get(writable, running.work_id).done == 2)
    with claims.attend(writable):
        test = open_page(writable, "overview")
    assert not test.exception
    assert {"Counting steps", "Counting more", "Waits for the worker"} <= {item.value for item in test.sidebar.caption}
    assert any("cohortium worker" in item.value for item in test.run().sidebar.caption), "no worker runs any more"
    assert test.sidebar.get("progress")[0].proto.text == "Steps: 2 of 4"
    for work in (running, waits):
        test.sidebar.button(key=f"panel stop {work.work_id}").click().run()
        until(lambda ended=work.work_id: queue.get(writable, ended).state == STOPPED)
    assert not test.run().sidebar.button
