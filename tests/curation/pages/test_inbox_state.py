"""The page Inbox follows an import that a process of its own does, whoever started it, and says how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.imports import work as imports
from curation.imports.look import Asked
from registry.files import locks
from registry.store import Registry
from registry.tables import Work
from registry.work import rows
from tests.support.app import app_imports
from tests.support.app.inbox import ended, imported, labels, looked, metrics
from tests.support.app.pages import button, open_page, texts
from tests.support.templates import registry_state

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("fail", "The disk is full."),
        ("break", "ended by a fault of the program"),
    ],
)
def test_a_failing_import_changes_nothing(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch, step: str, said: str
) -> None:
    test = ended(writable, looked(writable, "bids", delivery))
    before = registry_state.files(writable.root)
    app_imports.doomed(monkeypatch, step)
    test = imported(writable, button(test, "Import").click().run())
    assert not test.exception
    assert [said in error.value for error in test.error] == [True]
    assert "kaboom" not in texts(test)
    assert "The registry is as it was" in texts(test)
    assert registry_state.files(writable.root) == before
    monkeypatch.undo()
    test = imported(writable, button(test, "Import").click().run())
    assert "1 subject, 1 session and 1 image are in the registry." in texts(test), "it can be tried again"
    assert not test.error


def test_an_import_is_stopped_on_the_page(writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = app_imports.holds(writable)
    app_imports.doomed(monkeypatch, "pause")
    imports.start(writable, Asked("bids", delivery))
    app_imports.paused(writable)
    test = open_page(writable, "inbox")
    assert "you may close this page" in texts(test)
    assert labels(test) == ["Stop"]
    button(test, "Stop").click().run()
    assert "Stopping." in texts(test)
    assert labels(test) == []
    app_imports.go_on(writable)
    test = imported(writable, test)
    assert "The import was stopped; nothing was changed." in texts(test)
    assert app_imports.holds(writable) == before
    test = button(test, "Look at it again").click().run()
    assert test.text_input(key="inbox_folder").value == str(delivery)
    assert "Look at it" in labels(test)


def test_an_app_that_is_opened_again_shows_the_end(writable: Registry, delivery: Path) -> None:
    imports.start(writable, Asked("bids", delivery))
    app_imports.ended(writable)
    for test in (open_page(writable, "inbox"), open_page(writable, "inbox")):
        assert "1 subject, 1 session and 1 image are in the registry." in texts(test)
        assert [link.proto.label for link in test.get("page_link")] == [
            "Check the images",
            "Look for pairs of persons",
            "Start the QC sweep",
            "See the cohort",
        ]
        assert metrics(test)["Images"] == "1"
    button(test, "Another delivery").click().run()
    assert "Look at it" in labels(open_page(writable, "inbox")), "in every window"


def add(registry: Registry, state: str, **values: object) -> Work:
    work = Work(
        work_id="i1",
        kind="import",
        program="curation.imports.work:IMPORT",
        title="Importing /data/centre_b",
        inputs={"recipe": "bids", "source": "/data/centre_b"},
        state=state,
        actor="r07",
        asked="2001-02-03T04:05:06Z",
        started="2001-02-03T04:05:06Z",
        **values,
    )
    rows.add(registry, work)
    return work


@pytest.mark.parametrize(
    ("values", "bar"),
    [
        ({"state": "running"}, "Starting"),
        ({"state": "running", "done": 3, "total": 12, "what": "files"}, "Files: 3 of 12"),
        ({"state": "running", "what": "committing"}, "Committing"),
    ],
)
def test_an_import_under_way_is_followed(writable: Registry, values: dict[str, object], bar: str) -> None:
    with locks.lock(writable, "work/i1.alive"):
        add(writable, **values)  # type: ignore[arg-type]
        test = open_page(writable, "inbox")
        assert not test.exception
        assert test.main.get("progress")[0].proto.text == bar
        assert "Started 2001-02-03 04:05 UTC by r07" in texts(test)
        assert labels(test) == ["Stop"]
    assert "ended before it was done" in texts(test.run())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"state": "finished", "result": "bids-0123"}, "It is in the registry."),
        ({"state": "finished"}, "It is in the registry."),
        ({"state": "failed", "message": "The disk is full.", "hint": "Free space."}, "The disk is full."),
        ({"state": "stopped", "message": "The import was stopped."}, "The import was stopped."),
    ],
)
def test_the_end_of_an_import_is_said(writable: Registry, values: dict[str, object], said: str) -> None:
    add(writable, **values, ended="2001-02-03T05:05:06Z")  # type: ignore[arg-type]
    test = open_page(writable, "inbox")
    assert not test.exception
    assert said in texts(test)
    assert "Another delivery" in labels(test)
    (earlier,) = (frame.value for frame in test.dataframe if "State" in frame.value)
    assert list(earlier["State"]) == [values["state"]]


def test_a_second_window_follows_the_import_of_the_first(
    writable: Registry, delivery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ended(writable, looked(writable, "bids", delivery))
    app_imports.doomed(monkeypatch, "pause")
    second = open_page(writable, "inbox")
    button(first, "Import").click().run()
    second = button(second, "Import").click().run()
    assert not second.exception
    assert labels(second) == ["Stop"]
    assert len(app_imports.listed(writable)) == 1
