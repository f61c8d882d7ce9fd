"""The app in a real browser: start it, open a page, press and write; each step waits until its page is drawn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from registry.store import ACTOR_ENVIRONMENT
from tests.support.chromium.browser import free_port, outside, require_browser, running
from tests.support.chromium.redrawing import redrawn, still


def command(root: Path, port: int, *options: str) -> list[str]:
    """How the app of a registry is started."""
    return [sys.executable, "-m", "registry", "--registry", str(root), "serve", "--port", str(port), *options]


@contextmanager
def serving(root: Path, actor: str | None = None) -> Iterator[str]:
    """The app of a registry, without a worker, used by this person; gives its address."""
    require_browser()
    port = free_port()
    env = {**os.environ, **({ACTOR_ENVIRONMENT: actor} if actor else {})}
    with running(command(root, port, "--no-worker"), port, env) as address:
        yield address


def opened(page: Any, address: str, heading: str) -> None:
    """Go to a page of this heading."""
    with redrawn(page):
        page.goto(address)
    titled(page, heading)


def titled(page: Any, heading: str) -> None:
    """Wait for a heading."""
    page.get_by_role("heading", name=heading, exact=True).first.wait_for(timeout=60_000)


def said(page: Any, text: str) -> None:
    """Wait until the page says this, and is drawn to its end."""
    page.get_by_text(text).first.wait_for(timeout=60_000)
    still(page)


def pressed(page: Any, name: str) -> None:
    """Click a button."""
    with redrawn(page):
        page.get_by_role("button", name=name).first.click()


def key_pressed(page: Any, role: str, name: str, key: str) -> None:
    """Focus one element and press a key on it; no pointer is used."""
    found = page.get_by_role(role, name=name).first
    found.wait_for(timeout=30_000, state="attached")
    with redrawn(page):
        found.press(key)


def sound(page: Any) -> None:
    """No mistake is shown, and nothing is asked for elsewhere."""
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    assert outside(page) == []
