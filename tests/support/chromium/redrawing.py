"""Waits for the app: a step is over when the page that it asked for is drawn to its end.

What the server sends says when a drawing begins and ends. The page alone does not: for a while after a press it still
shows the drawing before, and looks finished.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_CALM = """() => { const app = document.querySelector('[data-testid=stApp]')
    return !app || app.dataset.testScriptState === 'notRunning' && !app.querySelector('[data-stale=true]') }"""


@dataclass
class Drawings:
    """How many drawings of the page, or of a part of it, came to their end, and whether one is under way."""

    ended: int = 0
    under_way: bool = False

    def hear(self, message: bytes) -> None:
        """Take up one message of the server."""
        told = ForwardMsg.FromString(message)
        kind = told.WhichOneof("type")
        if kind == "new_session":
            self.under_way = True
        elif kind == "script_finished" and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.under_way = False
            self.ended += 1

    def leave(self, _: Any) -> None:
        """Another page is opened: what was under way is never told to its end."""
        self.under_way = False


def watch(page: Any) -> None:
    """Keep `page.drawings` up to date."""
    page.drawings = drawings = Drawings()
    page.on("websocket", lambda socket: socket.on("framereceived", drawings.hear))
    page.on("domcontentloaded", drawings.leave)


@contextmanager
def redrawn(page: Any, seconds: float = 90) -> Iterator[None]:
    """What is done here asks the app for a drawing; afterwards that drawing stands, finished."""
    still(page, seconds)
    before = page.drawings.ended
    yield
    until(page, lambda: page.drawings.ended > before, seconds)
    still(page, seconds)


def still(page: Any, seconds: float = 90) -> None:
    """Wait until no drawing is under way and nothing of an earlier one is left."""
    until(page, lambda: not page.drawings.under_way, seconds)
    page.evaluate(_TWO_FRAMES)
    page.wait_for_function(_CALM, timeout=seconds * 1000)


def until(page: Any, true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that is seen from here, while the page goes on."""
    if not within(page, true, seconds):
        pytest.fail(f"it did not happen within {seconds:g} s")


def within(page: Any, true: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true in this time; waits no longer than until it does."""
    deadline = time.monotonic() + seconds
    while not (seen := true()) and time.monotonic() < deadline:
        page.wait_for_timeout(25)
    return seen
