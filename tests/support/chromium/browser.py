"""Real-browser tests: start a server, open headless Chromium, look at pixels.

Mark a test that uses it `browser`.
Only the process that a test started is ended, by its own handle.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import ROOT
from tests.support.chromium import redrawing

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
_UNMOVED = """addEventListener('DOMContentLoaded', () => { const style = document.createElement('style')
    style.textContent = '*, *::before, *::after { animation: none !important; transition: none !important }'
    document.head.append(style) })"""
"""Nothing on a page moves by itself: each frame of an animation is drawn by the processor."""
SHOTS = ROOT / "build" / "screenshots"


def require_browser() -> None:
    """Skip, with the reason, where no browser is installed."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (Debian's package `chromium`)")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("playwright is not installed (the extra `test`)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, env: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start a server with this command, wait until it answers, give its address, end it."""
    process = subprocess.Popen(list(command), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        _wait(process, f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _wait(process: subprocess.Popen[str], address: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}:\n{process.stdout.read()}")  # type: ignore[union-attr]
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"no answer from {address} within {seconds} s")


@contextmanager
def chromium(size: tuple[int, int] = (1360, 1000), scheme: str = "light") -> Iterator[Any]:
    """A fresh Chromium page. `page.seen` lists every address asked for, `page.problems` the errors on its console."""
    require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = new_page(browser, size, scheme)
        try:
            yield page
        finally:
            browser.close()


def new_page(browser: Any, size: tuple[int, int] = (1360, 1000), scheme: str = "light") -> Any:
    """One more page of a browser; playwright allows one browser at a time, so a test that has a page asks it here."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.add_init_script(_UNMOVED)
    page.seen, page.problems = [], []
    page.on("request", lambda request: page.seen.append(request.url))
    page.on("console", lambda message: page.problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    redrawing.watch(page)
    return page


def viewer_ready(page: Any, seconds: float = 90) -> None:
    """Wait until the viewer on the page has drawn its volumes."""
    page.wait_for_selector('[data-viewer="ready"]', timeout=seconds * 1000)


def said_anew(page: Any, selector: str, before: str) -> str:
    """Wait until this element says something else than before, and give it."""
    found = page.locator(selector)
    redrawing.until(page, lambda: found.inner_text() != before)
    return str(found.inner_text())


def outside(page: Any) -> list[str]:
    """Addresses the page asked for that are not on this machine."""
    return [url for url in page.seen if not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:"))]


def shot(target: Any, name: str, true: Callable[[np.ndarray[Any, Any]], bool] = np.any) -> np.ndarray[Any, Any]:
    """Screenshot of a page or an element, once it holds still and this is true of its pixels, or 20 seconds are over.

    Without `true`, they only must not be all black. Kept in `build/screenshots`, returned as (H, W, 3) uint8.
    """
    SHOTS.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + 20
    before, pixels = None, _pixels(target, SHOTS / f"{name}.png")
    while time.monotonic() < deadline and not (np.array_equal(before, pixels) and true(pixels)):
        before, pixels = pixels, _pixels(target, SHOTS / f"{name}.png")
    return pixels


def _pixels(target: Any, path: Path) -> np.ndarray[Any, Any]:
    from PIL import Image

    target.screenshot(path=str(path))
    return np.asarray(Image.open(path).convert("RGB"))


def near(pixels: np.ndarray[Any, Any], colour: str, tolerance: int = 40) -> np.ndarray[Any, Any]:
    """Mask (H, W) of the pixels within `tolerance` of `#RRGGBB` in each channel."""
    wanted = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])
    return np.asarray((np.abs(pixels.astype(int) - wanted) <= tolerance).all(axis=-1))
